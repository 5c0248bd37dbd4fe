"""Build the state of a new session: its pairs with their memory, its bots with their money."""

from __future__ import annotations

from typing import Final

import numpy as np

from trading.desk.domain.decision.state import (
    BotSlot,
    BotSpec,
    BotState,
    DeskState,
    PairState,
    pair_costs,
)
from trading.desk.domain.policy import Policy
from trading.market.domain.bars import FloatArray
from trading.market.domain.costs import CostModel
from trading.market.domain.instruments import Instrument
from trading.market.domain.ring.buffer import RingBuffer
from trading.signals.domain.features import FeatureBank
from trading.signals.domain.strategies.base import Feature, FeatureKind
from trading.treasury.domain.equilibrium import EquilibriumState

RING_CAPACITY: Final = 1500


def _slot(bot: BotState, view: FloatArray) -> BotSlot:
    spec, params, memory = bot.spec, bot.kernel_params, bot.kernel_state
    return BotSlot(spec.index, bot, spec.strategy.decide, view, params, memory, bot.min_bars)


def atr_feature(period: int) -> Feature:
    """Return the feature stops are measured in."""
    return Feature(FeatureKind.ATR_WILDER, period)


def bot_open(spec: BotSpec, policy: Policy, step_ms: int) -> BotState:
    """Return the bot as it stands before its first bar."""
    strategy = spec.strategy
    equity = float(spec.bankroll)
    return BotState(
        spec=spec,
        policy=spec.rules.applied(policy),
        cash=spec.bankroll,
        native_balance=spec.native_balance,
        kernel_state=np.zeros(max(1, strategy.state_size)),
        kernel_params=strategy.kernel_params(spec.params, step_ms),
        min_bars=strategy.min_bars(spec.params, step_ms),
        equity=equity,
        peak_equity=equity,
        day_equity=equity,
    )


def _pair_open(
    instrument: Instrument,
    own_costs: CostModel | None,
    policy: Policy,
    bots: list[BotState],
    shared: tuple[Feature, ...],
    step_ms: int,
) -> PairState:
    """Return a pair before its first bar; ``shared`` are the features of stops."""
    wanted = [bot.spec.strategy.features(bot.spec.params, step_ms) for bot in bots]
    bank = FeatureBank([*wanted, shared])
    return PairState(
        name=str(instrument.pair),
        instrument=instrument,
        swap_costs=own_costs,
        costs=pair_costs(own_costs, policy),
        own_costs={bot.spec.index: bot.spec.costs for bot in bots if bot.spec.costs is not None},
        ring=RingBuffer(RING_CAPACITY, step_ms),
        bank=bank,
        slots=[_slot(bot, bank.view(i)) for i, bot in enumerate(bots)],
        core_view=bank.view(len(bots)),
        bar=bank.last_bar,
        out=np.zeros(2),
    )


def desk_open(  # noqa: PLR0913 - everything a session is made of, named at the call
    *,
    session_key: str,
    step_ms: int,
    policy: Policy,
    instruments: dict[str, Instrument],
    swap_costs: dict[str, CostModel],
    specs: list[BotSpec],
    atr_period: int,
    warm_through_seq: int = 0,
) -> DeskState:
    """Return the state of a new session; bots are ordered by their index, pairs by name.

    Args:
        session_key: goes into every client order id, so that two sessions never share one.
        step_ms: timeframe in ms.
        policy: in force until an input brings another.
        instruments: by pair, for every pair named in ``specs``.
        swap_costs: by pair, only where a fixed on-chain schedule replaces the venue fees.
        specs: the bots.
        atr_period: bars of the average true range stops are measured in.
        warm_through_seq: last stream bar that only warms the strategies up.
    """
    ordered = sorted(specs, key=lambda spec: spec.index)
    bots = [bot_open(spec, policy, step_ms) for spec in ordered]
    shared = (atr_feature(atr_period),)
    pairs = {}
    for name in sorted(instruments):
        mine, own = [bot for bot in bots if bot.spec.pair == name], swap_costs.get(name)
        pairs[name] = _pair_open(instruments[name], own, policy, mine, shared, step_ms)
    return DeskState(
        session_key=session_key,
        step_ms=step_ms,
        policy=policy,
        pairs=pairs,
        bots=bots,
        equilibrium=EquilibriumState(),
        warm_through_seq=warm_through_seq,
    )
