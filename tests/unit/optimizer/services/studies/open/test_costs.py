"""What a study should know of its swap costs is told in sentences: market, age, how far they go."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from optimizer.selectors.costs import COSTS_KEY, WINDOWS_KEY, study_warnings
from optimizer.services.studies.open.costs import CostsUsed, costs_used
from tests.fakes.clock import FakeClock
from trading.market.services.swap_costs.cache import DAY_S, cache_check
from trading.market.services.swap_costs.identity import CostsMismatchError
from trading.market.services.swap_costs.market import PDAI_DAI

CLOCK = FakeClock()
NAMED = PDAI_DAI.metadata()
ORIGINAL = {name: value for name, value in NAMED.items() if name not in ("pair", "source")}
STRANGE = {**ORIGINAL, "asset_address": "0x" + "5" * 40}


def used(
    metadata: dict[str, Any],
    pair: str,
    age_s: float = 1.0,
    trade_size: str = "5000",
    *,
    venue: str = "bittrex",
    is_forced: bool = False,
) -> CostsUsed:
    moment = CLOCK.now() - timedelta(seconds=age_s)
    entry = {
        "buy": {"gas_use_estimate_usd": 0.2},
        "sell": {"gas_use_estimate_usd": 0.3},
        "derived": {"loss_rate": "0.03"},
        "generated_at": moment.isoformat(),
    }
    cache = cache_check({"metadata": metadata, "entries": {"5000": entry}}, "here")
    return costs_used(
        cache,
        venue=venue,
        pair=pair,
        trade_size=Decimal(trade_size),
        is_forced=is_forced,
        clock=CLOCK,
    )


def test_costs_that_name_another_pair_are_refused_unless_they_are_wanted() -> None:
    with pytest.raises(CostsMismatchError, match=r"'here'.*PDAI/DAI, not ETH/BTC.*--force"):
        used(NAMED, "ETH/BTC")
    found = used(NAMED, "ETH/BTC", is_forced=True)
    (warning,) = found.warnings
    assert "measured on PDAI/DAI on chain 369 (pulsechain), the candles are of ETH/BTC" in warning
    assert found.compared.endswith("not on ETH/BTC, the pair of the candles")


@pytest.mark.parametrize("metadata", [ORIGINAL, {**ORIGINAL, "source": "router 0x1"}])
def test_costs_that_name_no_pair_are_an_assumption_away_from_their_chain_and_refused_on_it(
    metadata: dict[str, Any],
) -> None:
    (warning,) = used(metadata, "ETH/BTC").warnings
    assert "measured on PDAI/DAI on chain 369 (pulsechain), the candles are of ETH/BTC" in warning
    with pytest.raises(CostsMismatchError, match="token PDAI, not HEX"):
        used(metadata, "HEX/DAI", venue="pulsex")
    assert used(metadata, "HEX/DAI", venue="pulsex", is_forced=True).warnings


@pytest.mark.parametrize("change", [{"chain_id": 1}, {"asset_address": "0x" + "5" * 40}])
def test_costs_of_the_right_name_on_another_chain_or_token_are_refused(
    change: dict[str, Any],
) -> None:
    for metadata in (NAMED, ORIGINAL):
        with pytest.raises(CostsMismatchError):
            used({**metadata, **change}, "PDAI/DAI", venue="pulsex")
        assert used({**metadata, **change}, "PDAI/DAI", venue="pulsex", is_forced=True).warnings


@pytest.mark.parametrize("pair", ["PDAI/DAI", "pDAI/DAI", "PDAI-DAI"])
def test_costs_of_the_same_pair_are_used_without_a_word(pair: str) -> None:
    found = used(ORIGINAL, pair, venue="pulsex")
    assert found.warnings == ()
    assert found.compared.endswith("the pair of the candles")


@pytest.mark.parametrize(
    ("metadata", "pair", "why"),
    [
        (NAMED, "", "the candles do not say of which pair they are"),
        ({}, "ETH/BTC", "the cache does not say of which pair it is"),
        (STRANGE, "ETH/BTC", "the cache does not say of which pair it is"),
    ],
)
def test_what_cannot_be_compared_is_said(metadata: dict[str, Any], pair: str, why: str) -> None:
    found = used(metadata, pair)
    (warning,) = found.warnings
    assert warning.endswith(f"were not compared with the candles: {why}")
    assert found.compared == f"not compared: {why}"


def test_a_cache_may_name_the_pair_of_any_tokens() -> None:
    assert used({**STRANGE, "pair": "HEX/DAI"}, "HEX/DAI", venue="pulsex").warnings == ()


def test_age_and_market_are_two_warnings_kept_with_the_study() -> None:
    found = used(NAMED, "ETH/BTC", 410 * DAY_S, is_forced=True)
    assert ["PDAI/DAI" in warning for warning in found.warnings] == [True, False]
    assert "410 days old" in found.warnings[1]
    kept = {COSTS_KEY: found.as_dict()}
    assert study_warnings(kept) == found.warnings
    assert kept[COSTS_KEY]["pair"] == "PDAI/DAI"
    assert study_warnings({}) == ()
    windows = {WINDOWS_KEY: {"warnings": ["window 1y holds 292 days"]}}
    assert study_warnings(windows | kept) == (*found.warnings, "window 1y holds 292 days")


@pytest.mark.parametrize("size", ["99999999", "99999999.00", "9.9999999E+7"])
def test_a_size_no_rung_was_measured_for_is_told_with_the_largest_rung(size: str) -> None:
    (warning,) = used(NAMED, "PDAI/DAI", trade_size=size).warnings
    assert warning == (
        "trade size 99,999,999 is beyond the largest rung of swap costs 'here', 5,000: what such "
        "swaps lose was never measured; they, and whatever the account grows to beyond it, pay the "
        "loss rate of 5,000"
    )


def test_a_size_up_to_the_largest_rung_is_not() -> None:
    assert used(NAMED, "PDAI/DAI", trade_size="5000.00").warnings == ()
    assert used(NAMED, "PDAI/DAI", trade_size="5000.01").warnings != ()
