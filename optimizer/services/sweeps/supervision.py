"""Keep studies running: take one up on a worker, find those nobody runs, clear up behind them.

Every decision is a conditional update of the study's row, see ``services.studies.control``. A task
that comes twice, too late or to a worker that is busy changes nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import InterfaceError, OperationalError

from optimizer.models import DataBlob, Study, SweepChunk
from optimizer.services.studies.control import study_end
from optimizer.services.studies.refusals import StudyRefusedError
from optimizer.services.studies.run.running import RunResult
from trading.base.domain.errors import BadInputError, TradingError
from trading.base.ports.clock import Clock
from trading.base.services.lease import lease_free

UNCLAIMED_S: Final = 10.0  # whoever opened or released a study may still mean to go on with it
BLOBS_KEPT: Final = timedelta(days=7)  # since a study last needed them; they are stored again
CHUNKS_KEPT: Final = timedelta(hours=1)  # of studies that have ended
WAITS: Final = "waits for a worker: the one asked last runs another study"
WAITS_FOR_HOME: Final = "waits for a worker on the machine that holds its run directory"


class Take(NamedTuple):
    """How a worker answered a study's call.

    Attributes:
        said: in a few words.
        is_elsewhere: another machine must run it, so the call goes on.
    """

    said: str
    is_elsewhere: bool = False


def study_take(
    *,
    study_id: int,
    run: Callable[[int], RunResult],
    is_home: Callable[[str], bool],
    place: threading.Lock,
    clock: Clock,
) -> Take:
    """Run a study on this worker unless it runs elsewhere; return how it went.

    A worker runs one study at a time: each uses every core it is given, and its other places are
    for trials, so that a study never waits for trials that wait for the study's place. A study
    runs where it was opened: candles, log and reports are in that machine's data directory.

    Args:
        study_id: as the message said.
        run: runs it to its end, or until the worker drains.
        is_home: whether this machine has the run directory of that name.
        place: of this worker.
        clock: tells the time.
    """
    running = Study.objects.filter(pk=study_id, status=Study.Status.RUNNING)
    row = running.first()
    if row is not None and not is_home(row.run_dir):
        running.filter(lease_free(clock.now())).update(status_reason=WAITS_FOR_HOME)
        return Take("opened on another machine", is_elsewhere=True)
    if not place.acquire(blocking=False):
        running.filter(owner="").update(status_reason=WAITS)
        return Take("busy with another study")
    try:
        return Take(run(study_id).end.value)
    except (BadInputError, StudyRefusedError) as refusal:
        return Take(str(refusal))  # ended, deleted, or run by somebody else; the row says which
    except TradingError as error:
        return Take(f"failed: {error}")  # its row has the sentence already
    except (OperationalError, InterfaceError):
        raise  # the database is away; the study goes on when it is back
    except Exception as error:
        # A defect, or memory that is too small: taken up again it would end the same way for ever.
        reason = f"{type(error).__name__}: {error}"
        now = clock.now()
        study_end(study_id=study_id, token=None, status=Study.Status.FAILED, reason=reason, now=now)
        raise
    finally:
        place.release()


def studies_without_worker(*, now: datetime, is_alive: Callable[[str], bool]) -> list[int]:
    """Return the running studies that no process works on, oldest first.

    A worker takes the one it is asked for first, so that the one that waits longest comes next.

    Args:
        now: the time.
        is_alive: whether an owner may still live; True where it cannot be known.
    """
    unclaimed = now - timedelta(seconds=UNCLAIMED_S)
    running = Study.objects.filter(status=Study.Status.RUNNING, heartbeat_at__lt=unclaimed)
    found = running.order_by("pk")  # a study's own order is newest first
    return [
        study_id
        for study_id, owner, expires_at in found.values_list("pk", "owner", "expires_at")
        if not owner or expires_at is None or expires_at <= now or not is_alive(owner)
    ]


def sweeps_forget(*, now: datetime) -> int:
    """Delete what ended studies left behind; return how many rows went."""
    over = SweepChunk.objects.exclude(study__status=Study.Status.RUNNING)
    n_chunks, _ = over.filter(sent_at__lt=now - CHUNKS_KEPT).delete()
    n_blobs, _ = DataBlob.objects.filter(used_at__lt=now - BLOBS_KEPT).delete()
    return n_chunks + n_blobs
