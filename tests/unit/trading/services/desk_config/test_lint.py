"""Valid settings that do nothing, or contradict each other, are found."""

from __future__ import annotations

import pytest

from tests.fakes.config_folder import ConfigFolder
from trading.services.desk_config.lint import config_lint

MINE = "bots.installed.mine"


def found(folder: ConfigFolder, *words: str) -> list[tuple[str, str]]:
    return [(f.code, f.path) for f in config_lint(folder.load(command_line=words), {})]


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
        (["policy.savings.ratio=0"], [("contradiction", "policy.savings.ratio")]),
        (["bots.strategies="], [("contradiction", "bots.strategies")]),
        ([f"{MINE}=" + "{venue: bybit, pair: ETH/USDT, strategy: hybrid_v2, sizing: risk}"],
         [("contradiction", f"{MINE}.is_stopped")]),
        ([f"{MINE}=" + "{venue: bybit, pair: ETH/USDT, strategy: hybrid_v2}"], []),
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
    (finding,) = config_lint(resolved, overrides)
    assert (finding.code, finding.path) == ("shadowed", "policy.savings.ratio")
    assert "environment GUARDIAN__POLICY__SAVINGS__RATIO wins" in finding.message
