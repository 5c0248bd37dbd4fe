"""A desk whose one bot buys and sells when the test says so, on bars the test draws."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import numpy as np

from tests.fakes.foreseen import foresee
from trading.desk.domain.decision.driver import DeskDriver
from trading.desk.domain.decision.journal import DecisionRecord, unpack_record
from trading.desk.domain.decision.opening import desk_open
from trading.desk.domain.decision.output import StepOutput
from trading.desk.domain.decision.state import BotSpec, DeskState
from trading.desk.domain.policy import BotRules, Policy
from trading.learning.domain.forecasting.drift import NaiveDrift
from trading.learning.domain.forecasting.sets import Ask
from trading.market.domain.bars import Bar, FloatArray
from trading.market.domain.instruments import Pair, instrument_default
from trading.market.domain.series.turns import BarTime
from trading.signals.domain.strategies.base import Feature, FeatureKind, Params, Strategy

STEP_MS = 300_000
WARM = 320  # the naive forecast needs the longest history
PAIR = "AAA/USDT"


def scripted(actions: Mapping[int, int], name: str = "scripted") -> Strategy:
    """Return a strategy that gives ``actions[k]`` on its k-th bar after warming up."""

    def decide(
        _bar: FloatArray, _f: FloatArray, _p: FloatArray, state: FloatArray, out: FloatArray
    ) -> int:
        state[0] += 1
        out[0], out[1] = 0.8, 0.8
        return actions.get(int(state[0]), 0)

    def features(_params: Params, _step_ms: int) -> tuple[Feature, ...]:
        return (Feature(FeatureKind.SMA, 5),)

    return Strategy(
        name=name,
        title=name,
        summary="acts when told",
        source="test",
        params=(),
        two_sided=False,
        state_size=1,
        features=features,
        kernel_params=lambda _params, _step_ms: np.zeros(1),
        min_bars=lambda _params, _step_ms: WARM,
        decide=decide,
    )


class ScriptedDesk:
    """Feeds flat bars until warm, then whatever prices the test gives."""

    def __init__(
        self,
        actions: Mapping[int, int],
        *,
        policy: Policy | None = None,
        venue: str = "test",
        strategies: int = 1,
        native_balance: str = "0.5",
        rules: BotRules | None = None,
    ) -> None:
        specs = [
            BotSpec(
                index=i,
                pair=PAIR,
                strategy=scripted(actions, f"scripted{i}"),
                params={},
                bankroll=Decimal(1000),
                native_balance=Decimal(native_balance),
                rules=rules or BotRules(),
            )
            for i in range(strategies)
        ]
        self.driver = DeskDriver(self._state(specs, venue, policy or Policy()))
        horizon_ms = self.driver.state.policy.forecast.horizon_bars * STEP_MS
        self.forecaster = NaiveDrift(Ask((PAIR,), STEP_MS, (horizon_ms,)))
        self.seq = 0
        self.time = 0
        self.close = 100.0
        self.outputs: list[StepOutput] = []
        for i in range(WARM - 1):
            self.bar(100.0 + 0.2 * (i % 2))

    @staticmethod
    def _state(specs: list[BotSpec], venue: str, policy: Policy) -> DeskState:
        return desk_open(
            session_key="test",
            step_ms=STEP_MS,
            policy=policy,
            instruments={PAIR: instrument_default(venue, Pair.parse(PAIR))},
            swap_costs={},
            specs=specs,
            atr_period=14,
        )

    @property
    def bot(self):
        """Return the first bot."""
        return self.driver.state.bots[0]

    def bar(
        self, close: float, *, high: float = 0.0, low: float = 0.0, flags: int = 0, skip: int = 0
    ) -> DecisionRecord:
        """Feed one bar that opens at the last close; return the first bot's decision."""
        self.time += STEP_MS * (1 + skip)
        self.seq += 1
        open_ = self.close
        bar = Bar(
            self.time, open_, max(high, open_, close), min(low or open_, open_, close), close,
            1_000_000.0, flags,
        )  # fmt: skip
        self.close = close
        time = BarTime(self.seq, bar.open_time, [(PAIR, bar)])
        foresee(self.driver, self.forecaster, [time])
        out = self.driver.step(self.seq, time.bars)
        self.outputs.append(out)
        self.outputs += self.driver.send(out)
        return unpack_record(out.journal[0].record)
