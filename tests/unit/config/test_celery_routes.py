"""Every task reaches the queue whose workers are made for it."""

from __future__ import annotations

import pytest

from config import celery_app


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("trading.desk.tasks.session_run", "desk"),
        ("trading.desk.tasks.sessions_supervise", "default"),
        ("trading.desk.tasks.model_train", "ml"),
        ("optimizer.tasks.study_run", "sweeps"),
        ("optimizer.tasks.batch_evaluate", "sweeps"),
        ("optimizer.tasks.studies_supervise", "default"),
        ("guardian.tasks.anything", "default"),
    ],
)
def test_tasks_are_routed_by_name(task: str, queue: str) -> None:
    assert celery_app.amqp.router.route({}, task)["queue"].name == queue


def test_a_session_hands_over_before_the_broker_delivers_it_again() -> None:
    timeout = celery_app.conf.broker_transport_options["visibility_timeout"]
    from django.conf import settings

    assert timeout >= settings.SESSION_DEADLINE_S * 2


def test_only_json_is_accepted_and_lost_work_is_delivered_again() -> None:
    conf = celery_app.conf
    assert list(conf.accept_content) == ["json"]
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
