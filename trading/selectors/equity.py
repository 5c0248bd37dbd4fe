"""Read the desk's equity over bar time, with the savings apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt

from trading.models import Bot, EquityPoint

MAX_POINTS: Final = 600  # more than a chart of this size has pixels for
_WINDOW: Final = 20_000  # rows read per session; older points are left to the records


@dataclass(frozen=True, slots=True)
class EquityCurve:
    """Equity of all sessions in one quote currency.

    Attributes:
        time: int64[n], close times, ms UTC, strictly growing.
        equity: float64[n], quote, savings included.
        reserved: float64[n], quote, what savings set aside.
        bankroll: what the bots started with, quote.
        left_out: quote currencies of sessions that cannot be added to this curve.
    """

    quote: str
    time: npt.NDArray[np.int64]
    equity: npt.NDArray[np.float64]
    reserved: npt.NDArray[np.float64]
    bankroll: Decimal
    left_out: tuple[str, ...]


def equity_curve(session_ids: Sequence[int]) -> EquityCurve | None:
    """Return the summed curve of the quote currency most bots use, None without a point.

    A session whose bots use several currencies has no meaningful total and is left out.
    """
    bots = list(
        Bot.objects.filter(session_id__in=session_ids).values_list(
            "session_id", "quote", "bankroll"
        )
    )
    quotes: dict[int, set[str]] = {}
    for session_id, quote, _ in bots:
        quotes.setdefault(session_id, set()).add(quote)
    pure = {s: next(iter(q)) for s, q in quotes.items() if len(q) == 1}
    if not pure:
        return None
    main = max(sorted(set(pure.values())), key=lambda q: sum(quote == q for _, quote, _ in bots))
    members = [s for s, q in pure.items() if q == main]
    series = [points for s in members if (points := _points(s)) is not None]
    if not series:
        return None
    time, equity, reserved = _summed(series)
    keep = _kept(len(time))
    return EquityCurve(
        quote=main,
        time=time[keep],
        equity=equity[keep],
        reserved=reserved[keep],
        bankroll=sum((b for s, _, b in bots if s in members), Decimal(0)),
        left_out=tuple(sorted({q for qs in quotes.values() for q in qs} - {main})),
    )


def _points(session_id: int) -> npt.NDArray[np.float64] | None:
    rows = EquityPoint.objects.filter(session_id=session_id).order_by("-bar_time")
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
