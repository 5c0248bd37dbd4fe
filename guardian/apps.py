"""Django application of the guardian."""

from django.apps import AppConfig


class GuardianConfig(AppConfig):
    """Registers the models under the label ``guardian``."""

    name = "guardian"
    default_auto_field = "django.db.models.BigAutoField"
