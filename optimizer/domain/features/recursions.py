"""Compute each recursive indicator once per start and period, and keep what fits in memory.

Exponential averages and Wilder's indicators depend on where they started, so they exist per window;
everything else is shared by all of them (see ``market``). The least recently used array goes first
and its memory is written again: fresh pages would cost more than the arithmetic.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import numpy as np

from optimizer.domain.features.averages import (
    adx_candles,
    atr_wilder,
    ema,
    ema_stepwise,
    longest_flat,
    rsi_recursive,
)
from optimizer.domain.features.market import Market, Span
from trading.market.domain.bars import CLOSE, FloatArray

DEFAULT_BYTES: Final = 96 * 1024 * 1024
# An evaluation holds at most this many arrays at once; none of them may be evicted under it.
_LEAST_KEPT: Final = 4
# An average of two bars, the quickest, needs 29 equal bars to come within a last digit of them.
_FLAT_BARS: Final = 24
Key = tuple[str, int, int, int, int]


class Recursions:
    """A bounded store of window-long indicator arrays; index 0 is the first bar of the span.

    An array is good until the next evaluation asks for others.
    """

    def __init__(self, market: Market, max_bytes: int = DEFAULT_BYTES) -> None:
        self._market = market
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Key, FloatArray] = OrderedDict()
        self._bytes = 0
        is_flat = longest_flat(market.bars[CLOSE]) >= _FLAT_BARS
        self._ema = ema_stepwise if is_flat else ema
        self.n_computed = 0

    def ema(self, span: Span, period: int) -> FloatArray:
        """Return the exponential average of the close over ``span``."""
        close = self._market.bars[CLOSE, span.start : span.stop]
        return self._get(("ema", *span, period, 1), lambda out: self._ema(close, period, out))

    def rsi(self, span: Span, period: int) -> FloatArray:
        """Return the RSI of recursive means over ``span``."""
        close = self._market.bars[CLOSE, span.start : span.stop]
        return self._get(("rsi", *span, period, 1), lambda out: rsi_recursive(close, period, out))

    def atr(self, span: Span, period: int) -> FloatArray:
        """Return Wilder's average true range over ``span``."""
        bars = self._market.bars[:, span.start : span.stop]
        return self._get(("atr", *span, period, 1), lambda out: atr_wilder(bars, period, out))

    def adx(self, span: Span, period: int, size: int = 1) -> FloatArray:
        """Return the directional index of each finished candle of ``size`` bars in ``span``."""
        bars = self._market.bars[:, span.start : span.stop]
        return self._get(
            ("adx", *span, period, size), lambda out: adx_candles(bars, period, size, out)
        )

    def _get(self, key: Key, write: Callable[[FloatArray], None]) -> FloatArray:
        found = self._kept.get(key)
        if found is None:
            found = self._room((key[2] - key[1]) // key[4])
            write(found)
            self.n_computed += 1
            self._kept[key] = found
        else:
            self._kept.move_to_end(key)
        return found

    def _room(self, length: int) -> FloatArray:
        wanted, free = length * 8, None
        while self._bytes + wanted > self._max_bytes and len(self._kept) >= _LEAST_KEPT:
            _, free = self._kept.popitem(last=False)
            self._bytes -= free.nbytes
        self._bytes += wanted
        return free if free is not None and free.shape[0] == length else np.empty(length)
