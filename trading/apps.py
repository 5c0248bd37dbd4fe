"""Django application of the trading engine."""

from django.apps import AppConfig


class TradingConfig(AppConfig):
    """Registers the models under the label ``trading``."""

    name = "trading"
    default_auto_field = "django.db.models.BigAutoField"
