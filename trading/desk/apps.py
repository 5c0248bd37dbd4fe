"""Django application of ``trading.desk``."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Registers the app under the label ``desk``."""

    name = "trading.desk"
    label = "desk"
    default_auto_field = "django.db.models.BigAutoField"
