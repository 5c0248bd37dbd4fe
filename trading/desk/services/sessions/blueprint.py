"""Build the core's state from the recorded start of a session.

The START fact holds everything that shaped the first bar: policy, bots, timeframe, costs of
on-chain pairs. Runner, replay and verification all build from it, never from today's settings.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from trading.base.domain.currencies import amount_in, currency_of
from trading.base.domain.errors import BadInputError
from trading.desk.domain.config import BotCosts, BotsConfig, DeskConfig
from trading.desk.domain.decision.opening import desk_open
from trading.desk.domain.decision.state import BotSpec, DeskState
from trading.desk.domain.policy import BotRules, EntryGates, Policy, Sizing
from trading.desk.services.config.policies import policy_dump, policy_recall
from trading.desk.services.sessions.code_version import code_version
from trading.desk.services.sessions.forecasting import forecasts_plan, service_open
from trading.desk.services.sessions.instruments import (
    instruments_dump,
    instruments_load,
    instruments_of,
)
from trading.market.domain.costs import CostModel, SwapCosts, SwapCostSchedule
from trading.market.domain.instruments import CHAIN_OF_VENUE, Instrument, Pair
from trading.market.domain.timeframes import timeframe_ms
from trading.market.services.swap_costs.identity import entries_fit
from trading.signals.domain.strategies import strategy_get
from trading.signals.domain.strategies.base import warm_bars


@dataclass(frozen=True, slots=True)
class InForce:
    """By what rules decisions are made.

    ``unused``: what of the recorded policy this code cannot use.
    """

    policy: Policy
    instruments: dict[str, Instrument]
    unused: tuple[str, ...] = ()


HISTORY_SPARE: Final = 0.05  # share of what bots look back on that is fetched beyond it


def blueprint_make(
    *,
    config: DeskConfig,
    venue: str,
    pairs: Sequence[str],
    timeframe: str,
    swap_cost_entries: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return the JSON-ready start of a session for these pairs.

    Raises:
        BadInputError: an unknown strategy, a bad parameter, a bad pair or timeframe, or an
            on-chain venue without a swap-cost schedule, or with one of another market.
    """
    bots: list[dict[str, Any]] = []
    for pair_name in sorted({str(Pair.parse(pair)) for pair in pairs}):
        for name in config.bots.strategies:
            bots.append(_bot_plan(config.bots, pair_name, name, len(bots)))
    return _start(config, venue, timeframe, bots, swap_cost_entries)


def ghost_blueprint_make(
    *,
    config: DeskConfig,
    name: str,
    swap_cost_entries: Mapping[str, Any] | None,
    warm_through_seq: int = 0,
) -> dict[str, Any]:
    """Return the JSON-ready start of the session of one installed bot.

    A strategy that looks back on nothing acts on its first bar; it begins after those bars.

    Args:
        config: names the bot in ``bots.installed``.
        name: of the bot.
        swap_cost_entries: of the desk's swap-cost cache.
        warm_through_seq: last bar of the feed that only warms the strategy up.

    Raises:
        BadInputError: as ``blueprint_make``, or swap costs are wanted and there are none.
    """
    bot = config.bots.installed[name]
    plan = ghost_plan(config, name)
    start = _start(config, bot.venue, bot.timeframe, [plan], swap_cost_entries)
    strategy, step_ms = strategy_get(bot.strategy), timeframe_ms(bot.timeframe)
    looks_back = bool(strategy.features(plan["params"], step_ms))
    key = "warm_through_seq" if looks_back else "begin_after_seq"
    return start | {key: warm_through_seq}


def bars_needed(config: DeskConfig) -> int:
    """Return how many bars the bots on the followed venue look back on, and a few more.

    The few more make up for bars the venue has not: nobody traded, or they are set aside.
    """
    market, step_ms = config.market, timeframe_ms(config.market.timeframe)
    wanted = [(name, config.bots.params.get(name, {})) for name in config.bots.strategies]
    wanted += [
        (bot.strategy, bot.params)
        for bot in config.bots.installed.values()
        if (bot.venue, timeframe_ms(bot.timeframe)) == (market.venue.id, step_ms)
    ]
    most = 0
    for name, given in wanted:
        strategy = strategy_get(name)
        params = strategy.resolve(given)
        warm = [warm_bars(feature) for feature in strategy.features(params, step_ms)]
        most = max(most, strategy.min_bars(params, step_ms), *warm)
    return most + math.ceil(most * HISTORY_SPARE)


def _start(
    config: DeskConfig,
    venue: str,
    timeframe: str,
    bots: list[dict[str, Any]],
    swap_cost_entries: Mapping[str, Any] | None,
) -> dict[str, Any]:
    timeframe_ms(timeframe)
    needs_swap_costs = venue in CHAIN_OF_VENUE or any(plan.get("is_swap") for plan in bots)
    if needs_swap_costs and not swap_cost_entries:
        asking = f"venue {venue!r}" if venue in CHAIN_OF_VENUE else f"bot {bots[0]['name']}"
        raise BadInputError(
            f"{asking} needs swap costs; put swap_cost_cache.json into the data directory"
        )
    if needs_swap_costs:
        entries_fit(swap_cost_entries, venue, (str(plan["pair"]) for plan in bots))
    return {
        "code_version": code_version(),
        "venue": venue,
        "timeframe": timeframe,
        "atr_period": config.bots.atr_period,
        "policy": policy_dump(config.policy),
        "bots": bots,
        "instruments": instruments_dump(instruments_of(venue, bots)),
        "swap_costs": dict(swap_cost_entries or {}) if needs_swap_costs else {},
        **forecasts_plan(),
    }


def state_build(
    blueprint: Mapping[str, Any], *, session_key: str, in_force: InForce | None = None
) -> DeskState:
    """Return the state before the first bar.

    ``in_force``: rules that came after the start, when a session goes on with its books.
    """
    venue = str(blueprint["venue"])
    plans = blueprint["bots"]
    rules = in_force or plan_rules(blueprint)
    swap: CostModel | None = None
    if blueprint["swap_costs"]:
        swap = SwapCosts(SwapCostSchedule.from_entries(blueprint["swap_costs"]))
    is_chain = venue in CHAIN_OF_VENUE
    state = desk_open(
        session_key=session_key,
        step_ms=timeframe_ms(str(blueprint["timeframe"])),
        policy=rules.policy,
        instruments=rules.instruments,
        swap_costs=dict.fromkeys(rules.instruments, swap) if is_chain and swap is not None else {},
        specs=[_bot_spec(plan, swap) for plan in plans],
        atr_period=int(blueprint["atr_period"]),
        warm_through_seq=int(blueprint.get("warm_through_seq", 0)),
    )
    state.seq = int(blueprint.get("begin_after_seq", 0))
    return state


def plan_rules(blueprint: Mapping[str, Any]) -> InForce:
    """Return the rules a session starts with."""
    dump = blueprint.get("instruments")
    instruments = (
        instruments_of(str(blueprint["venue"]), blueprint["bots"])
        if dump is None
        else instruments_load(dump)
    )
    policy, unused = policy_recall(blueprint["policy"])
    return InForce(policy, instruments, tuple(unused))


def _bot_plan(config: BotsConfig, pair_name: str, strategy: str, index: int) -> dict[str, Any]:
    pair = Pair.parse(pair_name)
    params = strategy_get(strategy).resolve(config.params.get(strategy, {}))
    bankroll = amount_in(currency_of(pair.quote), config.bankroll, config.bankroll_by_quote)
    return {
        "index": index,
        "pair": pair_name,
        "quote": pair.quote,
        "strategy": strategy,
        "params": params,
        "bankroll": str(bankroll),
        "native_balance": str(config.native_balance),
    }


def ghost_plan(config: DeskConfig, name: str) -> dict[str, Any]:
    """Return the one bot of an installed bot's session, as its start records it."""
    bot = config.bots.installed[name]
    pair = Pair.parse(bot.pair)
    return {
        "index": 0,
        "name": name,
        "pair": str(pair),
        "quote": pair.quote,
        "strategy": bot.strategy,
        "params": strategy_get(bot.strategy).resolve(bot.params),
        "bankroll": str(bot.trade_size),
        "native_balance": str(config.bots.native_balance),
        "is_swap": bot.costs is BotCosts.SWAP,
        "rules": {
            "gates": bot.gates.value,
            "sizing": bot.sizing.value,
            "is_stopped": bot.is_stopped,
            "is_saving": bot.is_saving,
        },
    }


def _bot_rules(plan: Mapping[str, Any]) -> BotRules:
    rules = plan.get("rules")
    if rules is None:
        return BotRules()
    return BotRules(
        gates=EntryGates(rules["gates"]),
        sizing=Sizing(rules["sizing"]),
        is_stopped=bool(rules["is_stopped"]),
        is_saving=bool(rules["is_saving"]),
    )


def _bot_spec(plan: Mapping[str, Any], swap: CostModel | None) -> BotSpec:
    return BotSpec(
        index=int(plan["index"]),
        pair=str(plan["pair"]),
        strategy=strategy_get(str(plan["strategy"])),
        params={str(name): value for name, value in plan["params"].items()},
        bankroll=Decimal(plan["bankroll"]),
        native_balance=Decimal(plan["native_balance"]),
        rules=_bot_rules(plan),
        costs=swap if plan.get("is_swap") else None,
    )


def kernels_compile(blueprint: Mapping[str, Any]) -> None:
    """Compile (or load from the cache) everything the session's bars will run through.

    The first call of a numba kernel takes seconds; a session or a timed replay pays it here.
    """
    state = state_build(blueprint, session_key="compile")
    service_open(blueprint, state).forecaster.prepare()
    for pair in state.pairs.values():
        pair.ring.append_closed(0, 1.0, 1.0, 1.0, 1.0, 1.0, 0)
        pair.bank.update(1.0, 1.0, 1.0, 1.0, 1.0)
        for slot in pair.slots:
            slot.decide(pair.bar, slot.view, slot.kernel_params, slot.kernel_state, pair.out)
