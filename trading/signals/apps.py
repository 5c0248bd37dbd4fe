"""Django application of ``trading.signals``."""

from django.apps import AppConfig


class SignalsConfig(AppConfig):
    """Registers the app under the label ``signals``."""

    name = "trading.signals"
    label = "signals"
    default_auto_field = "django.db.models.BigAutoField"
