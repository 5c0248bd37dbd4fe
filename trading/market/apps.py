"""Django application of ``trading.market``."""

from django.apps import AppConfig


class MarketConfig(AppConfig):
    """Registers the app under the label ``market``."""

    name = "trading.market"
    label = "market"
    default_auto_field = "django.db.models.BigAutoField"
