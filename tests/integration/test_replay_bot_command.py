"""``desk replay --bot`` and ``evaluate`` say the same about one strategy on one market."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.oracles.desk_parity import entries_of
from tests.oracles.paths import path, schedule
from trading.desk.bootstrap import bot_install
from trading.market.bootstrap import candle_store
from trading.market.ports.candles import SeriesKey

pytestmark = [pytest.mark.django_db, pytest.mark.any_store]
MARKET = ("--venue", "bybit", "--pair", "ETH/USDT", "--timeframe", "5m")
PARAMS = {"entry_days": 0.1, "exit_days": 0.05, "ema_exit_days": 0.1}
NOT_SAVING = ("--config-set", "bots.installed.mine.is_saving=false")


@pytest.fixture(autouse=True)
def desk(settings: Any, tmp_path: Path) -> Path:
    """Store candles and swap costs in a data folder of the test's own and install one bot."""
    settings.DATA_DIR = tmp_path
    candle_store().replace(SeriesKey("bybit", "ETH/USDT", "5m"), path(4, 900), source="test")
    costs = tmp_path / "swap_cost_cache.json"
    costs.write_text(json.dumps({"metadata": {}, "entries": entries_of(schedule())}))
    bot_install(
        name="mine", strategy="donchian_champion", params=PARAMS, venue="bybit", pair="ETH/USDT",
        timeframe="5m", trade_size=1000, by="olga", why="a test",
    )  # fmt: skip
    return costs


def answer(*words: str) -> dict[str, Any]:
    out = StringIO()
    call_command(*words, "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return found


def test_both_commands_give_the_same_round_trips_and_money(desk: Path) -> None:
    replayed = answer("desk", "replay", "--bot", "mine", *NOT_SAVING)
    evaluated = answer(
        "evaluate", *MARKET, "--strategy", "donchian_champion", "--params", json.dumps(PARAMS),
        "--swap-costs", str(desk), "--trade-size", "1000",
    )  # fmt: skip
    trades = evaluated["trades"]
    assert replayed["fills"] == 2 * len(trades)  # both sell what is open at the last close
    assert replayed["round_trips"] == len(trades) > 2
    gained = sum(t["proceeds_quote"] - t["notional_committed_quote"] for t in trades)
    paid = sum(t["cost_buy_quote"] + t["cost_sell_quote"] for t in trades)
    assert float(replayed["realised_pnl"]) == pytest.approx(gained, rel=1e-9)
    assert float(replayed["fees"]) == pytest.approx(paid, rel=1e-9)
    assert replayed["denied"] == {}


def test_the_market_is_the_bots_own() -> None:
    assert answer("desk", "replay", "--bot", "mine")["bars"] == 900


def test_an_unknown_bot_is_refused_with_those_there_are() -> None:
    err = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("desk", "replay", "--bot", "yours", stdout=StringIO(), stderr=err)
    assert stopped.value.code == 2
    assert err.getvalue().strip() == "--bot was 'yours'; installed are: mine"


@pytest.mark.parametrize("action", ["replay", "start"])
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--from", "2999-01-01"), "no bar is stored from 2999-01-01T00:00:00Z on; there are bars"),
        (("--to", "1999-01-01"), "no bar is stored before 1999-01-01T00:00:00Z; there are bars"),
        (("--from", "2021-01-02", "--to", "2021-01-01"), "--to was 2021-01-01T00:00:00Z, which is"),
    ],
)
def test_a_range_without_bars_is_refused_with_what_there_is(
    action: str, words: tuple[str, ...], says: str
) -> None:
    err = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("desk", action, "--venue", "bybit", *words, stderr=err)
    assert ended.value.code == 2
    assert err.getvalue().startswith(says)


def test_a_desk_without_strategies_replays_to_its_end() -> None:
    found = answer("desk", "replay", "--venue", "bybit", "--config-set", "bots.strategies=[]")
    assert (found["bars"], found["decisions"], found["money"]) == (900, 0, [])
