"""Django application of ``trading.base``."""

from django.apps import AppConfig


class BaseConfig(AppConfig):
    """Registers the app under the label ``base``."""

    name = "trading.base"
    label = "base"
    default_auto_field = "django.db.models.BigAutoField"
