"""Write a batch of finished trials in one transaction, and read trials back as records.

The transaction begins with a conditional update of the study's row: it counts the batch on, and it
changes a row only where that batch is the next one and the writer still holds the lease. A second
orchestrator, or a second attempt after a lost connection, therefore stores nothing twice.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from math import isfinite
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Count, Min, Model, Sum

from optimizer.domain.metrics import METRIC_NAMES
from optimizer.domain.study.evaluation import scores_of
from optimizer.domain.study.records import TrialRecord, TrialStatus, TrialTable
from optimizer.models import SearchLedger, Study, Trial, TrialScores, WindowMetrics
from optimizer.models.trials import ROW_SPACE
from optimizer.selectors.keys import number_of, row_range, trial_key, trial_range
from optimizer.services.studies.control import LEASE_TTL, study_held
from trading.base.domain.errors import LeaseLostError

_AT_ONCE: Final = 2000  # trials read at a time
# rows in one statement: a third cheaper than one by one; Django converts longer ones each time
_ROWS_JOINED: Final = 16
# in SQL, because to make these two from models would be a fifth of the cost of a batch
_COUNT: Final = (
    "UPDATE optimizer_study SET n_batches = n_batches + 1, n_done = n_done + %s, heartbeat_at = %s,"
    " expires_at = %s WHERE id = %s AND token = %s AND n_batches = %s"
)
_CHARGE: Final = (
    "UPDATE optimizer_searchledger SET n_trials = n_trials + %s, last_at = %s"
    " WHERE data_digest = %s"
)
_RETURN_AT: Final = METRIC_NAMES.index("total_return_pct") * 8  # bytes
_float_at: Final = struct.Struct("=d").unpack_from
_TRIAL_COLUMNS: Final = (
    *("id", "study_id", "number", "batch", "strategy", "params_json"),
    *("status", "error", "attempts", "elapsed_us"),
)
_METRIC_COLUMNS: Final = ("id", "trial_id", "window", "total_return_pct", "packed")
_SCORE_COLUMNS: Final = ("trial_id", "steering", "packed")


def batch_store(
    *,
    study: Study,
    batch: int,
    records: Sequence[TrialRecord],
    now: datetime,
    path: Callable[[], dict[str, Any]],
) -> None:
    """Store the records of the next batch; storing them a second time changes nothing.

    Args:
        study: claimed.
        batch: its number.
        records: of its trials.
        now: the time.
        path: closes that tell the market, for the ledger should its row be gone.

    Raises:
        LeaseLostError: another process runs the study now.
    """
    n, moment = len(records), connection.ops.adapt_datetimefield_value(now)
    until = connection.ops.adapt_datetimefield_value(now + LEASE_TTL)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_COUNT, (n, moment, until, study.pk, study.token, batch))
        if not cursor.rowcount:
            if study_held(study).filter(n_batches=batch + 1).exists():
                return  # the commit was done, only the answer to it was lost
            raise LeaseLostError(f"study {study.pk} is run by another process now")
        _rows_insert(study, batch, records)
        cursor.execute(_CHARGE, (n, moment, study.data_digest))
        if not cursor.rowcount and not _ledger_restored(study.data_digest, path(), now):
            cursor.execute(_CHARGE, (n, moment, study.data_digest))


def _ledger_restored(data_digest: str, path: dict[str, Any], now: datetime) -> bool:
    """Write a ledger row that is gone from what the stored studies say, this batch included.

    False where another study wrote it at this moment: it cannot know of this batch.
    """
    studies = Study.objects.filter(data_digest=data_digest)
    known = studies.aggregate(
        n_trials=Sum("n_done"), n_studies=Count("pk"), first_at=Min("created_at")
    )
    _, is_new = SearchLedger.objects.get_or_create(
        data_digest=data_digest,
        defaults={"path": path, "last_at": now, **known},
    )
    return is_new


def _rows_insert(study: Study, batch: int, records: Sequence[TrialRecord]) -> None:
    trials: list[Any] = []
    metrics: list[Any] = []
    scores: list[Any] = []
    study_id, base, windows = study.pk, trial_key(study.pk, 0), study.windows
    for record in records:
        key = base + record.number
        trials += (key, study_id, record.number, batch, record.strategy, record.params_json)
        trials += (record.status.value, record.error, record.attempts, record.elapsed_us)
        row = key * ROW_SPACE
        for window, packed in zip(windows, record.metrics, strict=False):
            metrics += (row, key, window, _float_at(packed, _RETURN_AT)[0], packed)
            row += 1
        if record.scores:
            steering = _float_at(record.scores)[0]
            scores += (key, steering if isfinite(steering) else None, record.scores)
    rows_insert(Trial, _TRIAL_COLUMNS, trials)
    rows_insert(WindowMetrics, _METRIC_COLUMNS, metrics)
    rows_insert(TrialScores, _SCORE_COLUMNS, scores)


def rows_insert(model: type[Model], columns: tuple[str, ...], values: list[Any]) -> None:
    """Insert rows whose values need no conversion; a tenth of the cost of building objects.

    Args:
        model: whose rows.
        columns: names.
        values: of all rows, one row after the other.
    """
    quote = connection.ops.quote_name
    names = ", ".join(quote(column) for column in columns)
    row = f"({', '.join(['%s'] * len(columns))})"
    # names are the models' own, values travel as parameters
    begin = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES "  # noqa: S608
    step = len(columns) * _ROWS_JOINED
    whole = len(values) - len(values) % step
    with connection.cursor() as cursor:
        if whole:
            joined = [values[first : first + step] for first in range(0, whole, step)]
            cursor.executemany(begin + ", ".join([row] * _ROWS_JOINED), joined)
        if whole < len(values):
            rest = (len(values) - whole) // len(columns)
            cursor.execute(begin + ", ".join([row] * rest), values[whole:])


def records_from(study: Study, number: int, stop: int | None = None) -> Iterator[TrialRecord]:
    """Yield the stored trials from ``number`` on, up to ``stop``, exclusive, in their order.

    What steers the search is computed again from the stored metrics, which hold every bit.
    """
    end = study.n_trials if stop is None else stop
    for first in range(number, end, _AT_ONCE):
        rows = _records(study, first, min(first + _AT_ONCE, end))
        yield from rows
        if not rows:
            return


def _records(study: Study, start: int, stop: int) -> list[TrialRecord]:
    below = trial_key(study.pk, stop)
    trials = Trial.objects.filter(**(trial_range(study.pk, start - 1) | {"pk__lt": below}))
    rows = row_range(study.pk, start - 1) | {"pk__lt": below * ROW_SPACE}
    metrics: dict[int, list[bytes]] = {}
    found = WindowMetrics.objects.filter(**rows).order_by("id")
    for key, packed in found.values_list("trial_id", "packed"):
        metrics.setdefault(number_of(key), []).append(bytes(packed))
    made = []
    for trial in trials.order_by("id"):
        packed_windows = tuple(metrics.get(trial.number, ()))
        status = TrialStatus(trial.status)
        early, scores = scores_of(packed_windows, tuple(study.objectives), status)
        made.append(
            TrialRecord(
                number=trial.number,
                strategy=trial.strategy,
                params_json=trial.params_json,
                status=status,
                metrics=packed_windows,
                scores=scores,
                early=early,
                error=trial.error,
                attempts=trial.attempts,
                elapsed_us=trial.elapsed_us,
            )
        )
    return made


def trial_table_hash(study_id: int) -> str:
    """Return the hash of everything a study found, as stored: equal for equal results.

    Raises:
        Study.DoesNotExist: there is no such study.
    """
    study = Study.objects.get(pk=study_id)
    table = TrialTable()
    for record in records_from(study, 0):
        table.add(record)
    return table.hexdigest()
