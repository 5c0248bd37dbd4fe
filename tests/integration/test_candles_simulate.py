"""``candles simulate``: what a newcomer searches, named as simulated all the way."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command

from tests.fakes.candle_files import frame, refused, run, write_csv
from tests.fakes.candles import series
from trading.base import bootstrap as base
from trading.desk.domain.config import DeskConfig
from trading.desk.services.sessions.opening import market_plan
from trading.market import bootstrap as market_side
from trading.market.domain.feed_kind import FeedKind
from trading.market.domain.simulated.market import SimulatedMarket
from trading.market.ports.candles import SeriesKey
from trading.market.services.stream.feeds import feed_create


@pytest.fixture(autouse=True)
def _data_dir(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "data"


def test_the_same_seed_makes_the_same_candles_and_another_seed_replaces_them() -> None:
    first = run("simulate", "--days", "9")["series"]
    assert run("simulate", "--days", "9")["series"] == first
    (other,) = run("simulate", "--days", "9", "--seed", "8")["series"]
    assert other["digest"] != first[0]["digest"]
    assert run("list")["series"] == [other]
    assert other["rows"] == 9 * 288
    assert (other["gaps"], other["last"]) == (0, "2025-12-31T23:55:00Z")
    assert (other["venue"], other["is_simulated"]) == ("simulated", True)
    assert other["source"] == "simulated market, seed 8"
    assert run("verify")["problems"] == []


def test_one_pair_is_the_same_whatever_is_made_beside_it_and_however_it_is_cut() -> None:
    alone = run("simulate", "--pairs", "eth-usdt", "--timeframe", "60m", "--days", "250")["series"]
    both = run("simulate", "--pairs", "BTC/USDT,ETH/USDT", "--timeframe", "1h", "--days", "250")
    assert [row["pair"] for row in both["series"]] == ["BTC/USDT", "ETH/USDT"]
    assert both["series"][1] == alone[0]
    stored = market_side.candle_store().load(SeriesKey("simulated", "ETH/USDT", "1h"))
    market = SimulatedMarket(
        seed=7, pairs=["ETH/USDT"], epoch_ms=int(stored.open_time[0]), step_ms=3_600_000
    )
    _, (values,) = market.block(market.start(), 6000)
    assert np.array_equal(stored.values, values)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--days", "0"), "--days was 0"),
        (("--days", "4000"), "--days was 4000"),
        (("--days", "3650", "--timeframe", "1m"), "expected 1 to 2,000,000"),
        (("--days", "1", "--timeframe", "2d"), "are 0 bars"),
        (("--seed", "-1"), "--seed was -1"),
        (("--pairs", ""), "--pairs named none"),
        (("--pairs", "BTCUSDT"), "pair was 'BTCUSDT'"),
        (("--timeframe", "5x"), "timeframe was '5x'"),
    ],
)
def test_what_cannot_be_made_is_refused_in_one_line(
    arguments: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    assert words in refused("simulate", *arguments)
    assert not list((tmp_path / "data").rglob("*.parquet"))
    assert not (tmp_path / "data" / "swap_cost_cache.json").exists()


def test_no_file_can_pass_for_simulated_and_nothing_simulated_replaces_a_file(
    tmp_path: Path,
) -> None:
    write_csv(frame(20), tmp_path / "a.csv")
    names = ("--venue", "Simulated", "--pair", "BTC/USDT", "--timeframe", "5m")
    assert "kept for what candles simulate makes" in refused(
        "import", str(tmp_path / "a.csv"), *names
    )
    store, key = market_side.candle_store(), SeriesKey(*names[1::2])
    bars = market_side.candles_from_file(tmp_path / "a.csv", "5m")
    store.replace(key, bars, source="file of an earlier version")
    assert "it is not replaced" in refused("simulate", "--days", "2")
    assert len(store.load(key)) == 20


def _command(name: str, *words: str) -> tuple[dict[str, Any], str]:
    out, err = StringIO(), StringIO()
    call_command(name, *words, "--json", stdout=out, stderr=err)
    return json.loads(out.getvalue().splitlines()[-1]), err.getvalue()


@pytest.mark.django_db
def test_replays_and_evaluations_say_that_the_candles_are_simulated() -> None:
    costs = run("simulate", "--days", "4")["swap_costs"]
    answer, told = _command("desk", "replay", "--venue", "Simulated", "--timeframe", "5m")
    assert answer["is_simulated"] is True
    assert "nobody ever traded" in told
    answer, told = _command(
        *("evaluate", "--strategy", "passive_hold", "--trade-size", "1000"),
        *("--swap-costs", costs["path"]),
    )
    assert "candles: simulated BTC/USDT 5m, the only stored series that fits" in told
    assert "the candles are simulated" in answer["warnings"][0]
    assert any("swap costs" in line and "simulated" in line for line in answer["warnings"])


def _refused_evaluate(*words: str) -> str:
    err = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command(
            *("evaluate", "--strategy", "passive_hold", "--trade-size", "9"), *words, stderr=err
        )
    assert stopped.value.code == 2
    return err.getvalue().strip()


def test_a_series_is_told_by_what_is_left_out_only_where_one_fits(tmp_path: Path) -> None:
    costs = ("--swap-costs", str(tmp_path / "data" / "swap_cost_cache.json"))
    run("simulate", "--days", "2", "--pairs", "BTC/USDT,ETH/USDT")
    assert "2 stored series fit: simulated BTC/USDT 5m, simulated ETH/USDT 5m" in (
        _refused_evaluate(*costs)
    )
    assert "manage.py candles simulate" in _refused_evaluate(*costs, "--pair", "SOL/USDT")
    answer, told = _command(
        *("evaluate", "--strategy", "passive_hold", "--trade-size", "9"),
        *costs,
        *("--pair", "eth-usdt"),
    )
    assert answer["bars"] == 576
    assert "simulated ETH/USDT 5m" in told


def test_a_desk_that_is_told_nothing_opens_the_simulated_market_not_a_replay_of_it() -> None:
    run("simulate", "--days", "2")
    store, entries = market_side.candle_store(), market_side.swap_cost_entries()
    for kind, opened in ((None, FeedKind.SIMULATED), (FeedKind.REPLAY, FeedKind.REPLAY)):
        plan = market_plan(config=DeskConfig(), store=store, swap_cost_entries=entries, kind=kind)
        assert (plan.kind, plan.venue) == (opened, "simulated")


def test_simulated_costs_make_no_candles_of_a_chain_tradeable() -> None:
    run("simulate", "--days", "2")
    store = market_side.candle_store()
    store.replace(SeriesKey("pulsex", "PDAI/DAI", "5m"), series(20), source="a test")
    entries = market_side.swap_cost_entries()
    plan = market_plan(config=DeskConfig(), store=store, swap_cost_entries=entries)
    assert plan.kind is FeedKind.SIMULATED


@pytest.mark.django_db
def test_a_replay_of_simulated_candles_is_shown_as_simulated() -> None:
    given = {"kind": "replay", "timeframe": "60m", "pairs": ["BTC/USDT"], "params": {}}
    clock = base.system_clock()
    made = feed_create(venue="simulated", name="a", clock=clock, **given)
    assert made.is_simulated
    assert made.timeframe == "1h"
    assert not feed_create(venue="bybit", name="b", clock=clock, **given).is_simulated
