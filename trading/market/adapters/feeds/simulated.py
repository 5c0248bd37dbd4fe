"""Publish the simulated market: its history at once, then one bar every ``bar_seconds``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trading.base.domain.errors import InvariantError
from trading.base.ports.clock import Clock
from trading.market.adapters.feeds.pacing import Pacer
from trading.market.domain.simulated.market import MarketState, SimulatedMarket
from trading.market.ports.feeds import FeedBar, FeedBatch


class SimulatedFeed:
    """Fulfils ``trading.market.ports.feeds.Feed``; its position is the market's state."""

    def __init__(
        self, market: SimulatedMarket, *, clock: Clock, bar_seconds: float, history_bars: int
    ) -> None:
        self._market = market
        self._pacer = Pacer(clock=clock, bar_seconds=bar_seconds, history_bars=history_bars)
        self._state: MarketState | None = None

    async def next_batch(self, position: dict[str, Any], limit: int) -> FeedBatch:
        """Return the bar times that are over, whole ones only; see the port."""
        if limit < len(self._market.pairs):
            raise InvariantError(
                f"limit was {limit}; expected at least the {len(self._market.pairs)} bars of a time"
            )
        state = MarketState.load(position) if position else self._market.start()
        bars: list[FeedBar] = []
        wait_s = 0.0
        while len(bars) + len(self._market.pairs) <= limit:
            wait_s = self._pacer.wait_s(state.i)
            if wait_s > 0:
                break
            state, closed = self._market.step(state)
            bars += [FeedBar(pair, bar) for pair, bar in closed]
        self._state = state
        return FeedBatch(bars, state.dump(), wait_s)

    async def forming(self) -> Sequence[FeedBar]:
        """Return the bars now forming; they end in the bars published next."""
        state = self._state
        fraction = None if state is None else self._pacer.fraction(state.i)
        if state is None or fraction is None:
            return []
        return [FeedBar(pair, bar) for pair, bar in self._market.forming(state, fraction)]

    async def close(self) -> None:
        """Nothing to release."""
