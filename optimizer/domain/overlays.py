"""Change what a system's signals may do, without touching the system or the walk.

* Donchian regime: buys count only while the market's regime is up. It turns up on a close at or
  above the highest of ``regime_entry_days`` closes before it and down on one at or below the lowest
  of ``regime_exit_days``; a held position is sold when it turns down.
* Risk cap: a position is sold at the first close ``risk_cap_pct`` below the close that bought it.
* Equity breaker: ``max_equity_drawdown_pct`` below the running peak of the equity, everything is
  sold and nothing bought again. The original cuts what is beyond 0 to 0.99 to that; so does a run,
  for its parameter sets, but who asks for one is told, see ``overlay_check``.

The system's own virtual position does not know of overlays: after a forced exit it waits for the
system's own exit before the next buy, and a refused buy is not made up for later.

Sources: reference specification of the optimizer, section 2A; client plan 4, "Strategy Registry".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numba import njit

from optimizer.domain.features.market import Market, Span
from optimizer.domain.features.runs import HIGHER, LOWER
from optimizer.domain.signals import BUY_FLAG, SELL_FLAG, Signals
from trading.base.domain.errors import BadInputError
from trading.market.domain.bars import CLOSE
from trading.signals.domain.strategies.base import Param
from trading.signals.domain.strategies.systems.spans import MAX_DAYS, bars_of_days

BREAKER_LIMIT: Final = 0.99
_SHARE: Final = "of peak, 0 for none"

PARAMS: Final = (
    Param("regime_entry_days", "float", 0.0, 0.0, 30.0, "days, 0 for none", allowed=(0, MAX_DAYS)),
    Param("regime_exit_days", "float", 10.0, 0.5, 30.0, "days", allowed=(0, MAX_DAYS)),
    Param("risk_cap_pct", "float", 0.0, 0.0, 0.5, "of entry close, 0 for none", allowed=(0, 1)),
    Param("max_equity_drawdown_pct", "float", 0.0, 0.0, 0.9, _SHARE, allowed=(0, BREAKER_LIMIT)),
)
_BY_NAME: Final = {param.name: param for param in PARAMS}
_OF_A_RUN: Final = _BY_NAME | {
    PARAMS[-1].name: replace(PARAMS[-1], allowed=(-1e9, 1e9)),
}
_ENTRY, _EXIT = PARAMS[0].name, PARAMS[1].name


@dataclass(frozen=True, slots=True)
class Overlays:
    """The overlays of one run; the defaults change nothing. Shares are decimals."""

    regime_entry_days: float = 0.0
    regime_exit_days: float = 10.0
    risk_cap_pct: float = 0.0
    max_equity_drawdown_pct: float = 0.0

    @property
    def drawdown_cap(self) -> float:
        """Return the breaker's share, 0 for none."""
        return min(max(self.max_equity_drawdown_pct, 0.0), BREAKER_LIMIT)

    def as_params(self) -> dict[str, float]:
        """Return the overlays that are on, under their parameter names."""
        if self is _NONE:
            return {}
        values = {param.name: float(getattr(self, param.name)) for param in PARAMS}
        if values["regime_entry_days"] <= 0.0:
            del values["regime_exit_days"]
        return {name: value for name, value in values.items() if value > 0.0}


_NONE: Final = Overlays()


def overlays_split(params: Mapping[str, float]) -> tuple[dict[str, float], Overlays]:
    """Return the system's own parameters and the overlays written among them.

    Raises:
        BadInputError: an overlay's value is out of range.
    """
    if _BY_NAME.keys().isdisjoint(params):
        return dict(params), _NONE
    own = {name: value for name, value in params.items() if name not in _BY_NAME}
    given = {
        name: _OF_A_RUN[name].check(value) for name, value in params.items() if name in _BY_NAME
    }
    return own, Overlays(**given)


def overlay_check(name: str, params: Mapping[str, float]) -> bool:
    """Return whether a parameter somebody asks for is an overlay, and refuse it as one.

    Raises:
        BadInputError: its value is out of range, or says nothing beside the others.
    """
    if name not in _BY_NAME:
        return False
    _BY_NAME[name].check(params[name])
    if name == _EXIT and not params.get(_ENTRY, 0.0) > 0.0:
        raise BadInputError(
            f"{_EXIT} was {params[name]:g}; it says nothing without {_ENTRY} above 0: give both"
        )
    return True


@njit(cache=True, nogil=True)
def _overlay(
    market: Market, span: Span, signals: Signals, windows: tuple[int, int], risk_cap: float
) -> Signals:
    close, entry, leave = market.bars[CLOSE], windows[0], windows[1]
    higher, lower = market.runs[HIGHER], market.runs[LOWER]
    n = span.stop - span.start
    at, side = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int8)
    count, k, bought = 0, 0, 0.0
    is_up, is_held = entry == 0, False
    for t in range(span.start, span.stop):
        own, flags = 0, 0
        if k < signals.at.shape[0] and signals.at[k] == t:
            own = signals.side[k]
            k += 1
        if entry > 0 and t - span.start >= entry and higher[t] > entry:
            is_up = True
        elif entry > 0 and t - span.start >= leave and lower[t] > leave:
            is_up = False
        if not is_held and own & BUY_FLAG and is_up:
            flags |= BUY_FLAG
            is_held, bought = True, close[t]
            if own & SELL_FLAG:
                flags |= SELL_FLAG
                is_held = False
        elif is_held:
            is_capped = risk_cap > 0.0 and close[t] <= bought * (1.0 - risk_cap)
            if own & SELL_FLAG or not is_up or is_capped:
                flags |= SELL_FLAG
                is_held = False
        if flags:
            at[count], side[count] = t, flags
            count += 1
    return Signals(at[:count], side[:count])


def overlay_signals(
    market: Market, span: Span, signals: Signals, overlays: Overlays, step_ms: int
) -> Signals:
    """Return the signals after the regime and the risk cap; the same object when both are off."""
    if overlays.regime_entry_days <= 0.0 and overlays.risk_cap_pct <= 0.0:
        return signals
    windows = (0, 0)
    if overlays.regime_entry_days > 0.0:
        windows = (
            bars_of_days(overlays.regime_entry_days, step_ms),
            bars_of_days(overlays.regime_exit_days, step_ms),
        )
    changed: Signals = _overlay(market, span, signals, windows, float(overlays.risk_cap_pct))
    return changed
