"""Django application of the dashboard."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """Registers the models under the label ``dashboard``."""

    name = "dashboard"
    default_auto_field = "django.db.models.BigAutoField"
