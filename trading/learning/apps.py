"""Django application of ``trading.learning``."""

from django.apps import AppConfig


class LearningConfig(AppConfig):
    """Registers the app under the label ``learning``."""

    name = "trading.learning"
    label = "learning"
    default_auto_field = "django.db.models.BigAutoField"
