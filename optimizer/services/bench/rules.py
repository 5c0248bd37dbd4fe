"""The two textbook rules every backtester has, as systems of ours and as kernels written by hand.

They exist for the benchmark only. The systems go through the whole evaluator: resolve, scan, walk,
metrics, objectives. The hand-written kernels are the limit: one function per rule over the same
shared features, a constant fee, and only return, drawdown and trades.
"""

from __future__ import annotations

import numpy as np

from optimizer.domain.features.drawdown import span_summary
from optimizer.domain.features.market import Market, Span
from optimizer.domain.features.prefix import S_CLOSE, span_sum
from optimizer.domain.features.recursions import Recursions
from optimizer.domain.features.runs import HIGHER, LOWER, MarkArray, next_longer, next_unlike
from optimizer.domain.kernels import kernel, part
from optimizer.domain.signals import BUY_FLAG, SELL_FLAG
from optimizer.domain.systems.base import Found, System, put
from trading.market.domain.bars import CLOSE, OPEN, FloatArray
from trading.signals.domain.strategies.base import NONE, Strategy
from trading.signals.domain.strategies.systems.spans import window_param


@part
def _gap(market: Market, t: int, fast: int, slow: int) -> float:
    sums, rests = market.sums[S_CLOSE], market.rests[S_CLOSE]
    quick = span_sum(sums, rests, t + 1 - fast, t + 1) / fast
    return quick - span_sum(sums, rests, t + 1 - slow, t + 1) / slow


@kernel
def mark_crosses(market: Market, span: Span, fast: int, slow: int, marks: MarkArray) -> None:
    """Mark each bar of ``span`` 1 above, -1 below, 0 where only the low words can tell."""
    sums = market.sums[S_CLOSE]
    margin, per_fast, per_slow = sums[-1] * 1e-15, 1.0 / fast, 1.0 / slow
    out, upper = marks[span.start : span.stop], sums[span.start + 1 : span.stop + 1]
    quick = sums[span.start + 1 - fast : span.stop + 1 - fast]
    calm = sums[span.start + 1 - slow : span.stop + 1 - slow]
    for i in range(out.shape[0]):
        gap = (upper[i] - quick[i]) * per_fast - (upper[i] - calm[i]) * per_slow
        out[i] = (1 if gap > margin else 0) - (1 if gap < -margin else 0)


@part
def _side(market: Market, t: int, fast: int, slow: int, mark: int) -> int:
    if mark != 0:
        return mark
    gap = _gap(market, t, fast, slow)
    return (1 if gap > 0.0 else 0) - (1 if gap < 0.0 else 0)


@kernel
def _scan_cross(market: Market, span: Span, params: FloatArray, found: Found) -> int:
    fast, slow = int(params[0]), int(params[1])
    start = span.start + max(fast, slow) - 1
    if start >= span.stop:
        return 0
    marks = found.marks
    mark_crosses(market, Span(start, span.stop), fast, slow, marks)
    k, wanted = 0, 1
    t = next_unlike(marks, start, span.stop, -wanted)
    while t < span.stop:
        if _side(market, t, fast, slow, marks[t]) == wanted:
            k = put(found, k, t, BUY_FLAG if wanted == 1 else SELL_FLAG)
            wanted = -wanted
        t = next_unlike(marks, t + 1, span.stop, -wanted)
    return k


@kernel
def _scan_channel(market: Market, span: Span, params: FloatArray, found: Found) -> int:
    higher, lower = market.runs[HIGHER], market.runs[LOWER]
    entry, leave = int(params[0]), int(params[1])
    k, t = 0, next_longer(higher, span.start + entry, span.stop, entry)
    while t < span.stop:
        k = put(found, k, t, BUY_FLAG)
        t = next_longer(lower, max(t + 1, span.start + leave), span.stop, leave)
        if t < span.stop:
            k = put(found, k, t, SELL_FLAG)
        t = next_longer(higher, t + 1, span.stop, entry)
    return k


def scan_cross(
    market: Market, recursions: Recursions, span: Span, params: FloatArray, found: Found
) -> int:
    """Hold while the fast simple average is above the slow one."""
    return int(_scan_cross(market, span, params, found))


def scan_channel(
    market: Market, recursions: Recursions, span: Span, params: FloatArray, found: Found
) -> int:
    """Buy channel highs, sell channel lows."""
    return int(_scan_channel(market, span, params, found))


def _quiet(
    bar: FloatArray, features: FloatArray, params: FloatArray, state: FloatArray, out: FloatArray
) -> int:
    return NONE


def _system(name: str, first: str, second: str, scan: object) -> System:
    strategy = Strategy(
        name=name,
        title=name,
        summary="A textbook rule of the benchmark; never traded.",
        source="textbook",
        params=(window_param(first, 100, 2, 2000), window_param(second, 500, 2, 5000)),
        two_sided=False,
        state_size=0,
        features=lambda params, step_ms: (),
        kernel_params=lambda params, step_ms: np.array([float(v) for v in params.values()]),
        min_bars=lambda params, step_ms: 1,
        decide=_quiet,
    )
    return System(strategy, scan)  # type: ignore[arg-type]


RULES = {
    "sma_cross": _system("sma_cross", "fast", "slow", scan_cross),
    "donchian": _system("donchian", "entry", "leave", scan_channel),
}


# book: equity, peak, worst drawdown; and a mark per bar.
HandRoom = tuple[FloatArray, MarkArray]


@part
def _open(book: FloatArray, cash: float) -> None:
    book[0] = book[1] = cash
    book[2] = 0.0


@part
def _settle(
    market: Market, book: FloatArray, bought: int, sold: int, price: float, fee: float
) -> None:
    # Held from the open of ``bought`` to ``price`` at ``sold``.
    tokens = book[0] * (1.0 - fee) / market.bars[OPEN, bought]
    if sold > bought:
        highest, lowest, ratio = span_summary(market.bars[CLOSE], market.tree, bought, sold)
        book[2] = min(book[2], tokens * lowest / book[1] - 1.0, ratio - 1.0)
        book[1] = max(book[1], tokens * highest)
    book[0] = tokens * price * (1.0 - fee)
    book[2] = min(book[2], book[0] / book[1] - 1.0)
    book[1] = max(book[1], book[0])


@kernel
def hand_cross(
    market: Market, windows: tuple[int, int], cash: float, fee: float, room: HandRoom
) -> tuple[float, float, int]:
    """Return return, worst drawdown (decimals) and trades of the average cross."""
    n, fast, slow = market.bars.shape[1], windows[0], windows[1]
    book, marks = room
    _open(book, cash)
    start = max(fast, slow) - 1
    mark_crosses(market, Span(start, n), fast, slow, marks)
    bought, trades, wanted = -1, 0, 1
    t = next_unlike(marks, start, n - 1, -wanted)
    while t < n - 1:
        if _side(market, t, fast, slow, marks[t]) == wanted:
            if wanted == 1:
                bought = t + 1
            else:
                _settle(market, book, bought, t + 1, market.bars[OPEN, t + 1], fee)
                bought, trades = -1, trades + 1
            wanted = -wanted
        t = next_unlike(marks, t + 1, n - 1, -wanted)
    if bought >= 0:
        _settle(market, book, bought, n - 1, market.bars[CLOSE, n - 1], fee)
        trades += 1
    return book[0] / cash - 1.0, book[2], trades


@kernel
def hand_channel(
    market: Market, windows: tuple[int, int], cash: float, fee: float, room: HandRoom
) -> tuple[float, float, int]:
    """Return return, worst drawdown (decimals) and trades of the channel."""
    n, entry, leave = market.bars.shape[1], windows[0], windows[1]
    higher, lower = market.runs[HIGHER], market.runs[LOWER]
    book = room[0]
    _open(book, cash)
    trades, t = 0, next_longer(higher, entry, n - 1, entry)
    while t < n - 1:
        bought = t + 1
        t = next_longer(lower, max(bought, leave), n - 1, leave)
        price = market.bars[OPEN, t + 1] if t < n - 1 else market.bars[CLOSE, n - 1]
        _settle(market, book, bought, min(t + 1, n - 1), price, fee)
        trades += 1
        t = next_longer(higher, t + 1, n - 1, entry)
    return book[0] / cash - 1.0, book[2], trades


def hand_room(bars: int) -> HandRoom:
    """Return what the hand-written kernels write into, for ``bars`` bars."""
    return np.empty(3), np.zeros(bars + 1, dtype=np.int8)


HAND_KERNELS = {"sma_cross": hand_cross, "donchian": hand_channel}
