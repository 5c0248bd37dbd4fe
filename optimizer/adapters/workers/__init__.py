"""Evaluate trials in spawned processes of this machine or in Celery workers of several."""
