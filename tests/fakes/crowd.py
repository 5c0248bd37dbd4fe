"""A desk of many bots on several pairs that act when told, over bars the test draws.

Names, indexes and the session's key are given from outside, so that a test can change them and
nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import numpy as np

from tests.fakes.bars import by_time
from tests.fakes.forecasts import Steady
from tests.fakes.foreseen import foresee
from trading.desk.domain.decision.driver import DeskDriver
from trading.desk.domain.decision.opening import desk_open
from trading.desk.domain.decision.output import StepOutput
from trading.desk.domain.decision.state import BotSpec, DeskState
from trading.desk.domain.policy import BotRules, Policy, SchedulingPolicy
from trading.learning.domain.forecasting.sets import Ask
from trading.learning.domain.policy import ForecastPolicy
from trading.market.domain.bars import Bar, FloatArray
from trading.market.domain.costs import CostModel
from trading.market.domain.instruments import Pair, instrument_default
from trading.signals.domain.strategies.base import Feature, FeatureKind, Params, Strategy

STEP_MS: Final = 300_000
FIRST: Final = 1_700_000_100_000
ATR_BARS: Final = 3
WARM: Final = ATR_BARS + 1
Signal = tuple[int, float, float]  # action, strength, confidence
Script = Mapping[int, Signal]  # by bar, counted from 0 once warm
# what a script says is what happens: no gate but those a test asks for
EASY: Final = Policy(
    forecast=ForecastPolicy(p_up_min=0.0),
    scheduling=SchedulingPolicy(edge_cost_multiple=0.0, cooldown_bars=0, seats_per_bar=100),
)


@dataclass(frozen=True)
class Member:
    """One bot: its pair, what it does, and under which name and rules."""

    pair: str
    script: Script
    name: str
    bankroll: str = "1000"
    rules: BotRules = field(default_factory=BotRules)


def following(script: Script, name: str) -> Strategy:
    """Return a strategy that does what the script says."""

    def decide(
        _bar: FloatArray, _f: FloatArray, _p: FloatArray, state: FloatArray, out: FloatArray
    ) -> int:
        action, out[0], out[1] = script.get(int(state[0]), (0, 0.0, 0.0))
        state[0] += 1
        return action

    def features(_params: Params, _step_ms: int) -> tuple[Feature, ...]:
        return (Feature(FeatureKind.SMA, 2),)

    return Strategy(
        name=name, title=name, summary="acts when told", source="test", params=(), two_sided=False,
        state_size=1, features=features, kernel_params=lambda _p, _s: np.zeros(1),
        min_bars=lambda _p, _s: WARM + 1, decide=decide,
    )  # fmt: skip


def desk_of(
    members: Sequence[Member],
    policy: Policy = EASY,
    *,
    key: str = "crowd",
    venue: str = "test",
    swap: CostModel | None = None,
) -> DeskState:
    """Return the desk of these bots, numbered in the order given."""
    names = sorted({member.pair for member in members})
    return desk_open(
        session_key=key,
        step_ms=STEP_MS,
        policy=policy,
        instruments={name: instrument_default(venue, Pair.parse(name)) for name in names},
        swap_costs={} if swap is None else dict.fromkeys(names, swap),
        specs=[
            BotSpec(
                index=i, pair=m.pair, strategy=following(m.script, m.name), params={},
                bankroll=Decimal(m.bankroll), native_balance=Decimal("0.5"), rules=m.rules,
            )
            for i, m in enumerate(members)
        ],
        atr_period=ATR_BARS,
    )  # fmt: skip


def calm_bars(price: float = 100.0, volume: float = 1e9) -> list[Bar]:
    """Return the bars until scripts begin: hardly any movement."""
    return [
        Bar(FIRST + i * STEP_MS, price, price * 1.002, price * 0.998, price, volume)
        for i in range(WARM)
    ]


def bars_after(calm: Sequence[Bar], shapes: Sequence[tuple[float, float, float]]) -> list[Bar]:
    """Return ``calm`` and a bar per (gap, move, volume), gap and move as factors of price."""
    bars = list(calm)
    for gap, move, volume in shapes:
        open_ = bars[-1].close * gap
        close = open_ * move
        high, low = max(open_, close) * 1.001, min(open_, close) * 0.999
        bars.append(Bar(bars[-1].open_time + STEP_MS, open_, high, low, close, volume))
    return bars


def run(
    state: DeskState,
    bars: Sequence[tuple[str, Bar]],
    look: Callable[[StepOutput, DeskState], None] = lambda _out, _state: None,
) -> DeskDriver:
    """Step through the bars in the order given; ``look`` sees each step once orders are sent."""
    driver = DeskDriver(state)
    horizon_ms = state.policy.forecast.horizon_bars * STEP_MS
    hopeful = Steady(Ask(tuple(sorted(state.pairs)), STEP_MS, (horizon_ms,)))
    times = list(by_time(bars))
    foresee(driver, hopeful, times)
    for seq, _, together in times:
        out = driver.step(seq, together)
        look(out, driver.state)
        for confirmation in driver.send(out):
            look(confirmation, driver.state)
    return driver
