"""A task as long as a study's: it owns a child process and ends when its worker drains."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

from celery import shared_task

from trading.base.adapters.worker_drain import is_draining


def child_main(told: str) -> None:
    """Say that the child runs, then wait to be ended."""
    Path(told).write_text("child runs", encoding="utf-8")
    time.sleep(120)


@shared_task(name="tests.fakes.long_tasks.hold", acks_late=False)
def hold(folder: str) -> None:
    """Keep a spawned child until told to stop; leave one line per run in ``runs``."""
    with (Path(folder) / "runs").open("a", encoding="utf-8") as runs:
        runs.write("begun\n")
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=child_main, args=(f"{folder}/child",), daemon=True)
    child.start()
    while not is_draining():
        time.sleep(0.1)
    child.kill()
    child.join()
    (Path(folder) / "ended").write_text("in order", encoding="utf-8")
