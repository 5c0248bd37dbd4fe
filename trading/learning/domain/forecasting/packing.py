"""Forecast sets as bytes and back, to the last bit; and as JSON for people.

Layout of a packed run, little endian: magic ``GFS1``; the lengths of the
texts that follow, the counts and the times of the head; the texts; horizons int64[h]; of each set
its open time int64 and number of pairs uint16; of each pair its place uint16; reasons uint8[m, h];
values float64[m, h, 6]. One pair and horizon takes 49 bytes, one pair 2 more, one set 10 more.
"""

from __future__ import annotations

import math
import struct
from typing import Any, Final

import numpy as np

from trading.base.domain.errors import BadInputError
from trading.learning.domain.forecasting.horizons import horizon_label
from trading.learning.domain.forecasting.runs import ForecastRun
from trading.learning.domain.forecasting.sets import FIGURES, ForecastSet, Missing, SetHead

MAGIC: Final = b"GFS1"
_HEAD: Final = struct.Struct("<4sHHIHIIqq")  # texts: name, bundle, pairs; counts; step, lifetime
_BETWEEN: Final = "\n"  # of two pairs' names


def run_pack(run: ForecastRun) -> bytes:
    """Return the run as bytes."""
    head = run.head
    texts = [t.encode() for t in (head.forecaster, head.bundle, _BETWEEN.join(head.pairs))]
    return b"".join((
        _HEAD.pack(
            MAGIC, *map(len, texts), len(head.horizons_ms), len(run), len(run.places),
            head.step_ms, head.lifetime_ms,
        ),
        *texts,
        np.array(head.horizons_ms, dtype="<i8").tobytes(),
        run.open_times.astype("<i8", copy=False).tobytes(),
        np.diff(run.stops, prepend=0).astype("<u2").tobytes(),
        run.places.astype("<u2").tobytes(),
        run.reasons.tobytes(),
        run.values.astype("<f8", copy=False).tobytes(),
    ))  # fmt: skip


class _Reader:
    """Takes one column after another from packed bytes."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def text(self, length: int) -> str:
        self.at += length
        return self.data[self.at - length : self.at].decode()

    def column(self, dtype: str, count: int) -> Any:
        column = np.frombuffer(self.data, dtype=dtype, count=count, offset=self.at)
        self.at += column.nbytes
        return column


def run_unpack(data: bytes) -> ForecastRun:
    """Return the run that was packed, bit by bit.

    Raises:
        BadInputError: the bytes are no pack, or one of another version.
    """
    try:
        return _unpack(data)
    except (struct.error, ValueError, IndexError) as error:
        raise BadInputError(f"packed forecasts cannot be read: {error}") from error


def _unpack(data: bytes) -> ForecastRun:
    magic, name, bundle, pairs, n_horizons, n_sets, n_rows, step, lifetime = _HEAD.unpack_from(data)
    if magic != MAGIC:
        raise BadInputError(f"packed forecasts begin with {magic!r}; expected {MAGIC!r}")
    reader = _Reader(data, _HEAD.size)
    names = reader.text(name), reader.text(bundle)
    known = reader.text(pairs)
    head = SetHead(
        *names, tuple(known.split(_BETWEEN)) if known else (), step,
        tuple(reader.column("<i8", n_horizons).tolist()), lifetime,
    )  # fmt: skip
    times = reader.column("<i8", n_sets).astype(np.int64)
    stops = np.cumsum(reader.column("<u2", n_sets), dtype=np.int64)
    places = reader.column("<u2", n_rows).astype(np.int64)
    reasons = reader.column("u1", n_rows * n_horizons).reshape(n_rows, n_horizons)
    shape = n_rows, n_horizons, len(FIGURES)
    values = reader.column("<f8", math.prod(shape)).reshape(shape)
    if reader.at != len(data) or (stops[-1] if n_sets else 0) != n_rows:
        raise BadInputError(f"packed forecasts are {len(data)} bytes; expected {reader.at}")
    return ForecastRun(head, times, stops, places, values, reasons)


def set_as_json(one: ForecastSet) -> dict[str, Any]:
    """Return a set under names a person reads; figures as numbers, absent ones as their reason."""
    head = one.head
    labels = [horizon_label(length) for length in head.horizons_ms]
    return {
        "forecaster": head.forecaster,
        "bundle": head.bundle,
        "bar_time": one.bar_time,
        "expires": one.expiry,
        "pairs": {
            pair: {
                label: _cell(figures, Missing(reason) if reason else None)
                for label, figures, reason in zip(labels, row, why, strict=True)
            }
            for pair, row, why in zip(
                one.pairs, one.values.tolist(), one.reasons.tolist(), strict=True
            )
        },
    }


def _cell(figures: list[float], missing: Missing | None) -> dict[str, Any]:
    if missing is not None:
        return {"missing": missing.name.lower()}
    return {
        name: None if math.isnan(figure) else figure
        for name, figure in zip(FIGURES, figures, strict=True)
    }
