"""Django application of the optimizer."""

from django.apps import AppConfig


class OptimizerConfig(AppConfig):
    """Registers the models under the label ``optimizer``."""

    name = "optimizer"
    default_auto_field = "django.db.models.BigAutoField"
