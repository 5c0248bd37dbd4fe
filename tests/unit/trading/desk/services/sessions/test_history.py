"""A followed venue is asked for as many bars as the configured bots look back on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.candles import MemoryCandleStore
from trading.desk.domain.config import DeskConfig, InstalledBot, MarketConfig, VenueConfig
from trading.desk.services.sessions.blueprint import bars_needed, state_build
from trading.desk.services.sessions.blueprint import blueprint_make as start_of
from trading.desk.services.sessions.opening import market_plan


def _config(timeframe: str, strategies: tuple[str, ...], **installed: InstalledBot) -> DeskConfig:
    base = DeskConfig()
    market = MarketConfig(
        timeframe=timeframe, pairs=("BTC/USDT",), venue=VenueConfig(id="bybit", history_bars=500)
    )
    bots = replace(base.bots, strategies=strategies, installed=installed)
    return replace(base, market=market, bots=bots)


@pytest.mark.parametrize("timeframe", ["1m", "5m", "1h", "1d"])
def test_the_history_covers_what_every_bot_waits_for(timeframe: str) -> None:
    config = _config(timeframe, DeskConfig().bots.strategies)
    start = start_of(
        config=config, venue="bybit", pairs=["BTC/USDT"], timeframe=timeframe,
        swap_cost_entries=None,
    )  # fmt: skip
    waits = max(bot.min_bars for bot in state_build(start, session_key="x").bots)
    assert bars_needed(config) >= waits
    plan = market_plan(config=config, store=MemoryCandleStore(), swap_cost_entries=None)
    assert plan.params["history_bars"] == max(500, bars_needed(config))
    if timeframe == "1m":
        assert waits == 1442
        assert plan.params["history_bars"] == 1442 + 73  # and a twentieth, for bars that are not


def test_installed_bots_of_the_market_count_and_those_of_others_do_not() -> None:
    bot = InstalledBot(
        venue="bybit", pair="BTC/USDT", timeframe="1h", strategy="donchian_champion",
        params={"entry_days": 40},
    )  # fmt: skip
    mine = _config("1h", (), mine=bot)
    assert bars_needed(mine) >= 40 * 24
    assert bars_needed(_config("1h", (), other=replace(bot, venue="kraken"))) == 0
    assert bars_needed(_config("5m", (), other=bot)) == 0
