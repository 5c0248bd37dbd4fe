"""What ``up`` puts into an empty database, once, and never over an operator's own."""

from __future__ import annotations

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django_celery_beat.models import PeriodicTask

from config.beat import DEFAULT_SCHEDULES
from guardian.services.accounts import operator_ensure
from guardian.services.schedules import setup_schedules

pytestmark = [pytest.mark.django_db, pytest.mark.services]


def test_the_operator_is_made_once_and_can_log_in() -> None:
    login = operator_ensure()
    assert login is not None
    backend = ModelBackend()
    assert backend.authenticate(None, login.username, login.password) is not None
    assert operator_ensure() is None
    assert User.objects.count() == 1


def test_no_account_is_made_beside_an_existing_one() -> None:
    User.objects.create_user("anna", password="a-long-password")
    assert operator_ensure() is None


def test_missing_schedules_are_filled_in() -> None:
    assert setup_schedules(entries=DEFAULT_SCHEDULES) == [entry.name for entry in DEFAULT_SCHEDULES]
    row = PeriodicTask.objects.get(task="trading.desk.tasks.sessions_supervise")
    assert (row.interval.every, row.interval.period, row.queue) == (5, "seconds", "default")
    assert setup_schedules(entries=DEFAULT_SCHEDULES) == []


def test_what_an_operator_edited_stays() -> None:
    setup_schedules(entries=DEFAULT_SCHEDULES)
    PeriodicTask.objects.update(enabled=False, queue="desk")
    setup_schedules(entries=DEFAULT_SCHEDULES)
    row = PeriodicTask.objects.get(task="trading.desk.tasks.sessions_supervise")
    assert (row.enabled, row.queue) == (False, "desk")
