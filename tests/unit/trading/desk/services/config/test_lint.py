"""Valid settings that do nothing, or contradict each other, are found."""

from __future__ import annotations

import pytest

from tests.fakes.config_folder import ConfigFolder
from trading.desk.services.config.lint import config_lint
from trading.market.adapters.feeds.ccxt_venues import venue_problem
from trading.treasury.domain.equilibrium import (
    MIN_SCORED,
    ClosedRecord,
    equilibrium_score,
    miss_of,
    score_floor,
    score_most,
)

MINE = "bots.installed.mine"


def no_problem(venue: str) -> str | None:
    return None


def found(folder: ConfigFolder, *words: str) -> list[tuple[str, str]]:
    resolved = folder.load(command_line=words)
    findings = config_lint(resolved, {}, venue_problem=no_problem)
    return [(f.code, f.path) for f in findings if f.code != "note"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["policy.signals.score_min=0.2", "policy.signals.conviction_min=0.28"],
         [("inert", "policy.signals.conviction_min")]),
        (["policy.signals.score_min=0.2", "policy.signals.conviction_min=0.34"],
         [("inert", "policy.signals.conviction_min")]),
        (["policy.signals.score_min=0.2", "policy.signals.conviction_min=0.35"], []),
        (["policy.signals.conviction_min=0.9"], [("inert", "policy.signals.conviction_min")]),
        (["policy.execution.limit_ttl_bars=5"], [("inert", "policy.execution.limit_ttl_bars")]),
        (["policy.execution.limit_ttl_bars=5", "policy.execution.entry_order=limit"], []),
        (["policy.savings.transfer_bps=5"], [("inert", "policy.savings.transfer_bps")]),
        (["market.feed=replay", "market.simulated.seed=3"], [("inert", "market.simulated.seed")]),
        (["market.venue.poll_s=9"], [("inert", "market.venue.poll_s")]),
        (["market.feed=ccxt"], [("contradiction", "market.venue.id")]),
        (["market.feed=ccxt", "market.venue.id=bybit", "market.venue.poll_s=9"], []),
        (["policy.stops.enabled=false"], [("contradiction", "policy.stops.enabled")]),
        (["policy.scheduling.seats_per_bar=9"],
         [("contradiction", "policy.scheduling.seats_per_bar")]),
        (["policy.risk.risk_per_trade_pct=4"],
         [("contradiction", "policy.risk.risk_per_trade_pct")]),
        (["policy.risk.daily_loss_pct=0", "policy.risk.risk_per_trade_pct=0"],
         [("contradiction", "policy.risk")]),
        (["policy.risk.max_drawdown_pct=0"], [("contradiction", "policy.risk")]),
        (["policy.risk.risk_per_trade_pct=0"], [("contradiction", "policy.risk")]),
        (["policy.risk.max_exposure_pct=100"], [("inert", "policy.risk.max_exposure_pct")]),
        (["policy.risk.max_exposure_pct=99"], []),
        (["policy.risk.max_drawdown_pct=100"], [("inert", "policy.risk.max_drawdown_pct")]),
        (["policy.risk.daily_loss_pct=25"], [("inert", "policy.risk.daily_loss_pct")]),
        (["policy.risk.daily_loss_pct=24"], []),
        (["policy.risk.loss_streak=3", "policy.risk.loss_streak_cooldown_bars=0"],
         [("inert", "policy.risk.loss_streak")]),
        (["market.pairs=[BTC/USDT,ETH/USDT]", "policy.risk.max_open_positions=6"],
         [("inert", "policy.risk.max_open_positions")]),
        (["market.pairs=[BTC/USDT,ETH/USDT]", "policy.risk.max_open_positions=5"], []),
        (["policy.savings.score_min=0.151"], [("inert", "policy.savings.score_min")]),
        (["policy.savings.score_min=0.3"], [("inert", "policy.savings.score_min")]),
        (["policy.savings.score_min=0.31"], []),
        (["policy.savings.score_min=0"], []),
        (["policy.savings.score_min=0.92"], [("contradiction", "policy.savings.score_min")]),
        (["policy.savings.score_min=0.4", "policy.savings.min_closes=7"],
         [("contradiction", "policy.savings.min_closes")]),
        (["policy.savings.fee_policy=transfer_cost", "policy.savings.transfer_bps=5300"],
         [("contradiction", "policy.savings.fee_guard")]),
        (["policy.savings.ratio=0"], [("contradiction", "policy.savings.ratio")]),
        (["bots.strategies="], [("contradiction", "bots.strategies")]),
        ([f"{MINE}=" + "{venue: bybit, pair: ETH/USDT, strategy: hybrid_v2, sizing: risk}"],
         [("contradiction", f"{MINE}.is_stopped")]),
        ([f"{MINE}=" + "{venue: bybit, pair: ETH/USDT, strategy: hybrid_v2}"], []),
        (["bots.bankroll_by_quote.BTCC=1"], [("unknown", "bots.bankroll_by_quote.BTCC")]),
        (["bots.bankroll_by_quote.PLS=1", "policy.savings.dust_by_quote.ETH=0.001"],
         [("unknown", "bots.bankroll_by_quote.PLS")]),
        (["market.pairs=HEX/PLS", "bots.bankroll_by_quote.PLS=1"], []),
        (["market.pairs=HEX/PLS"], [("unsized", "bots.bankroll")]),
        (["market.pairs=ETH/BTC, HEX/DAI"], []),
        (["policy.savings.dust_by_quote.USTD=1"],
         [("unknown", "policy.savings.dust_by_quote.USTD")]),
        (["policy.savings.token=USCD"], [("unknown", "policy.savings.token")]),
        (["bots.strategies=breakout", "bots.params={momentum: {}}"],
         [("inert", "bots.params.momentum")]),
    ],
)  # fmt: skip
def test_a_setting_without_effect_is_found(
    folder: ConfigFolder, words: list[str], expected: list[tuple[str, str]]
) -> None:
    assert found(folder, *words) == expected


def test_an_override_hidden_by_the_environment_is_found(folder: ConfigFolder) -> None:
    overrides = {"policy.savings.ratio": "0.2", "policy.savings.dust": "0.02"}
    resolved = folder.load(overrides=overrides, environ={"GUARDIAN__POLICY__SAVINGS__RATIO": "0.1"})
    _note, finding = config_lint(resolved, overrides, venue_problem=no_problem)
    assert (finding.code, finding.path) == ("shadowed", "policy.savings.ratio")
    assert "environment GUARDIAN__POLICY__SAVINGS__RATIO wins" in finding.message


def test_a_score_gate_that_never_binds_is_said_of_the_built_in_value_too(
    folder: ConfigFolder,
) -> None:
    (finding,) = config_lint(folder.load(), {}, venue_problem=no_problem)
    assert (finding.code, finding.path, finding.origin) == (
        "note", "policy.savings.score_min", "default"
    )  # fmt: skip
    assert "miss by more than 300 % of the entry's value on average" in finding.message


@pytest.mark.parametrize("miss", [0.0, 0.4, 1.0, 2.9, 3.1])
@pytest.mark.parametrize("confidence", [0.0, 1.0])
def test_the_arithmetic_of_the_score_is_that_of_the_score(miss: float, confidence: float) -> None:
    records = tuple(ClosedRecord(0.0, miss, confidence) for _ in range(MIN_SCORED))
    score = equilibrium_score(records)
    assert score_floor(miss) <= score
    assert (score_floor(miss) < 0.15) is (miss > miss_of(0.15))
    if miss <= 1.0:
        assert score <= score_most(confidence)


@pytest.mark.parametrize(
    ("venue", "said"),
    [
        ("huobi", "now called htx"),
        ("okex", "now called okx"),
        ("OKEx", "now called okx"),
        ("gate.io", "now called gate"),
        ("coinbasepro", "now called coinbaseexchange or coinbase"),
        ("Coinbase Pro", "now called coinbaseexchange or coinbase"),
        ("ftx", "which has closed"),
        ("bybitt", "did you mean bybit"),
        ("Kraken", "did you mean kraken"),
        ("zzzzzzzz", "which ccxt does not know"),
    ],
)
def test_a_venue_that_is_none_is_named_with_the_name_that_is_meant(
    folder: ConfigFolder, venue: str, said: str
) -> None:
    resolved = folder.load(overrides={"market": {"venue": {"id": venue}}})
    finding = config_lint(resolved, {}, venue_problem=venue_problem)[0]
    assert (finding.code, finding.path) == ("invalid", "market.venue.id")
    assert repr(venue) in finding.message
    assert said in finding.message


@pytest.mark.parametrize("venue", ["binance", "htx", "okx", "coinbaseexchange", "kucoinfutures"])
def test_a_venue_that_ccxt_has_is_no_finding(folder: ConfigFolder, venue: str) -> None:
    resolved = folder.load(overrides={"market": {"venue": {"id": venue}}})
    findings = config_lint(resolved, {}, venue_problem=venue_problem)
    assert [f.code for f in findings if f.code != "note"] == []


def test_the_venue_of_a_market_that_is_not_followed_does_not_matter(folder: ConfigFolder) -> None:
    resolved = folder.load(command_line=["market.feed=replay", "market.venue.id=huobi"])
    findings = config_lint(resolved, {}, venue_problem=venue_problem)
    assert [f.code for f in findings if f.code != "note"] == ["inert"]
