"""Find which trials of a study a ghost bot runs already, by what it trades and not by its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from optimizer.selectors.studies import StudyView
from optimizer.selectors.trials import TrialView
from trading.base.domain.errors import TradingError
from trading.desk.domain.config import InstalledBot
from trading.desk.services.bots.installing import BotAsked, BotOrder, bot_order
from trading.market.domain.instruments import Pair
from trading.signals.domain.strategies import strategy_get

_RULES: Final = InstalledBot(venue="-", pair="A/B").rules  # those of a bot the optimizer installs
_NAME: Final = "any"  # what a bot is called does not matter here


def installed_names(
    study: StudyView, trials: Iterable[TrialView], bots: Mapping[str, InstalledBot]
) -> dict[int, str]:
    """Return the name of the bot that runs each installed trial, by the trial's number.

    Args:
        study: of the trials.
        trials: those asked about.
        bots: the installed ones by name.
    """
    source = study.source
    known = {
        name: _order_of(bot)
        for name, bot in bots.items()
        if bot.venue == source.get("venue") and bot.rules == _RULES
    }
    strategies = {order.strategy for order in known.values()}
    asked = [trial for trial in trials if trial.strategy in strategies]
    orders = {trial.number: _order_for(study, trial) for trial in asked}
    return {
        number: name
        for number, order in orders.items()
        for name, running in known.items()
        if order == running
    }


def _order_of(bot: InstalledBot) -> BotOrder:
    params = strategy_get(bot.strategy).resolve(bot.params)
    pair, size = str(Pair.parse(bot.pair)), bot.trade_size
    return BotOrder("", bot.strategy, params, bot.venue, pair, bot.timeframe, size)


def _order_for(study: StudyView, trial: TrialView) -> BotOrder | None:
    """Return what installing the trial would order; None where it cannot be installed."""
    source = study.source
    asked = BotAsked(
        name=_NAME,
        strategy=trial.strategy,
        params=trial.params,
        venue=source["venue"],
        pair=source["pair"],
        timeframe=source["timeframe"],
        trade_size=study.trade_size,
        by="",
        why="",
    )
    try:
        order = bot_order(asked)
    except TradingError:
        return None
    return replace(order, name="")
