"""Obey one JSON line at a time: store trials as an orchestrator does, then say so.

A process of its own, so that news reaches the browser the way it does in the running desk.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from optimizer.models import Study  # noqa: E402
from optimizer.services.news import StudyNews  # noqa: E402
from tests import factories as make  # noqa: E402
from trading.base import bootstrap  # noqa: E402
from trading.base.adapters.channels_publisher import ChannelsPublisher  # noqa: E402

STEERS = "sven"
CLOCK = bootstrap.system_clock()
NEWS = StudyNews(ChannelsPublisher(timeout_s=5), CLOCK)


def study(n: int, **values: Any) -> dict[str, Any]:
    """Open a study with its first trials; somebody may steer it."""
    if not User.objects.filter(username=STEERS).exists():
        make.searcher(STEERS)
    row = make.study(now=CLOCK.now(), **values)
    make.trials(row, make.records(n))
    return {"study": row.pk}


def change(study: int, **values: Any) -> dict[str, Any]:
    """Change a study as whoever works on it does, and say so."""
    Study.objects.filter(pk=study).update(heartbeat_at=CLOCK.now(), **values)
    NEWS.tell(study, n_done=Study.objects.get(pk=study).n_done, is_change=True)
    return {}


def go_on(study: int, n: int, *, silent: bool = False) -> dict[str, Any]:
    """Store the next trials; say so unless silent."""
    row = Study.objects.get(pk=study)
    row.heartbeat_at = CLOCK.now()
    make.trials(row, make.records(n, row.n_done))
    if not silent:
        NEWS.tell(study, n_done=row.n_done, is_change=True)
    return {"n": row.n_done}


ACTS = {"study": study, "change": change, "go_on": go_on}

if __name__ == "__main__":
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(ACTS[request.pop("act")](**request)), flush=True)
