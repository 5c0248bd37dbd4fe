"""Forecasts as facts of a session: the kind, what a person reads, and the bytes that count."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from trading.learning.domain.forecasting.horizons import horizon_label
from trading.learning.domain.forecasting.packing import run_pack, run_unpack
from trading.learning.domain.forecasting.runs import ForecastRun

KIND: Final = "forecasts"


class RecordedForecasts(NamedTuple):
    """What one fact of kind ``KIND`` holds; ``data`` alone is read back."""

    kind: str
    payload: dict[str, Any]
    data: bytes


def run_record(run: ForecastRun) -> RecordedForecasts:
    """Return the fact of a run; it stands before the bars the run serves."""
    head, times = run.head, run.open_times
    payload = {
        "forecaster": head.forecaster,
        "bundle": head.bundle,
        "horizons": [horizon_label(length) for length in head.horizons_ms],
        "pairs": len(head.pairs),
        "bar_times": len(run),
        "first_open_time": int(times.min()) if len(run) else None,
        "last_open_time": int(times.max()) if len(run) else None,
        "missing": int((run.reasons > 0).sum()),
    }
    return RecordedForecasts(KIND, payload, run_pack(run))


def run_recorded(data: bytes) -> ForecastRun:
    """Return the run a fact holds.

    Raises:
        BadInputError: the bytes are not such a run.
    """
    return run_unpack(data)
