"""Composition of the site: settings, entry points and the only readers of the environment."""

from config.celery import app as celery_app

__all__ = ("celery_app",)
