"""Read the desk's equity over bar time, one curve for each currency, with the savings apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt

from trading.desk.models import Bot, EquityPoint

MAX_POINTS: Final = 600  # more than a chart of this size has pixels for
_WINDOW: Final = 20_000  # rows read per session and currency; older points are left to the records


@dataclass(frozen=True, slots=True)
class EquityCurve:
    """Equity of all sessions' bots of one quote currency.

    Attributes:
        time: int64[n], close times, ms UTC, strictly growing.
        equity: float64[n], quote, savings included.
        reserved: float64[n], quote, what savings set aside.
        bankroll: what those bots started with, quote.
    """

    quote: str
    time: npt.NDArray[np.int64]
    equity: npt.NDArray[np.float64]
    reserved: npt.NDArray[np.float64]
    bankroll: Decimal


def equity_curves(session_ids: Sequence[int]) -> tuple[EquityCurve, ...]:
    """Return the summed curve of every quote currency with points, that of most bots first."""
    bots: dict[str, list[tuple[int, Decimal]]] = {}
    rows = Bot.objects.filter(session_id__in=session_ids)
    for session_id, quote, bankroll in rows.values_list("session_id", "quote", "bankroll"):
        bots.setdefault(quote, []).append((session_id, bankroll))
    quotes = sorted(bots, key=lambda quote: (-len(bots[quote]), quote))
    curves = (_curve(quote, bots[quote]) for quote in quotes)
    return tuple(curve for curve in curves if curve is not None)


def _curve(quote: str, bots: Sequence[tuple[int, Decimal]]) -> EquityCurve | None:
    sessions = sorted({session_id for session_id, _ in bots})
    series = {s: points for s in sessions if (points := _points(s, quote)) is not None}
    if not series:
        return None
    time, equity, reserved = _summed(list(series.values()))
    keep = _kept(len(time))
    return EquityCurve(
        quote=quote,
        time=time[keep],
        equity=equity[keep],
        reserved=reserved[keep],
        bankroll=sum((bankroll for s, bankroll in bots if s in series), Decimal(0)),
    )


def _points(session_id: int, quote: str) -> npt.NDArray[np.float64] | None:
    rows = EquityPoint.objects.filter(session_id=session_id, quote=quote).order_by("-bar_time")
    values = list(rows.values_list("bar_time", "equity", "reserved")[:_WINDOW])
    return np.array(values[::-1], dtype=np.float64) if values else None


def _summed(
    series: Sequence[npt.NDArray[np.float64]],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    # from the latest first point on, every session has a value: its last one at or before t
    start = max(points[0, 0] for points in series)
    time = np.unique(np.concatenate([points[:, 0] for points in series]))
    time = time[time >= start]
    equity, reserved = np.zeros(len(time)), np.zeros(len(time))
    for points in series:
        at = np.searchsorted(points[:, 0], time, side="right") - 1
        equity += points[at, 1]
        reserved += points[at, 2]
    return time.astype(np.int64), equity, reserved


def _kept(n: int) -> npt.NDArray[np.int64]:
    return np.unique(np.linspace(0, n - 1, min(n, MAX_POINTS)).astype(np.int64))
