"""What may come next, asked of a service beside the session.

A forecaster sees closed bars only, whole blocks of bar times at once and every bar of the pairs
it is asked for, from the first one of the session on, once and in order. It answers with one
``ForecastSet`` a step. It is deterministic: the same bars, cut into blocks in any way, give the
same sets bit by bit, and so does a new forecaster that is shown them again. It knows no clock, no
database and no session; what it says is recorded before the core sees it.

``tests/contract/forecasters.py`` holds what every one must do; run it on yours.
"""

from __future__ import annotations

from typing import Protocol

from trading.learning.domain.forecasting.blocks import BarBlock
from trading.learning.domain.forecasting.runs import ForecastRun
from trading.learning.domain.forecasting.sets import Ask, SetHead


class Forecaster(Protocol):
    """Something that turns closed bars into forecasts."""

    @property
    def head(self) -> SetHead:
        """Return its name and bundle, what it is asked for, and how long its sets may be used.

        Horizons it does not forecast are absent, whatever was asked.
        """
        ...

    @property
    def warm_up_bars(self) -> int:
        """Return how many bars of a pair it must see before it forecasts that pair."""
        ...

    def ask(self, asked: Ask) -> None:
        """Ask for other horizons or at other costs from the next bar on; keep what was learnt.

        Raises:
            InvariantError: the pairs or the length of a bar changed; make a new forecaster.
        """
        ...

    def observe(self, block: BarBlock) -> ForecastRun:
        """Take in closed bars and return one set for each step of the block, in its order.

        Bars of pairs it is not asked for may be used, and are not answered. A forecaster that
        raises has taken in nothing of the block.
        """
        ...

    def memory(self) -> bytes:
        """Return what it has learnt, so that a snapshot may spare showing it all bars again."""
        ...

    def restore(self, memory: bytes) -> bool:
        """Go on from ``memory``; False, and nothing changes, if it is of another layout."""
        ...

    def prepare(self) -> None:
        """Do what takes long (compile, load) before the first bar; changes no answer."""
        ...
