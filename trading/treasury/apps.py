"""Django application of ``trading.treasury``."""

from django.apps import AppConfig


class TreasuryConfig(AppConfig):
    """Registers the app under the label ``treasury``."""

    name = "trading.treasury"
    label = "treasury"
    default_auto_field = "django.db.models.BigAutoField"
