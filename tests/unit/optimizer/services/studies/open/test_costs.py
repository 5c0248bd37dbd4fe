"""What a study should know of its swap costs is told in sentences: market, age, how far they go."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from optimizer.selectors.costs import COSTS_KEY, WINDOWS_KEY, study_warnings
from optimizer.services.studies.open.costs import CostsUsed, costs_used
from tests.fakes.clock import FakeClock
from trading.services.swap_costs.cache import DAY_S, cache_check
from trading.services.swap_costs.market import PDAI_DAI

CLOCK = FakeClock()
NAMED = PDAI_DAI.metadata()
ORIGINAL = {name: value for name, value in NAMED.items() if name not in ("pair", "source")}
STRANGE = {**ORIGINAL, "asset_address": "0x" + "5" * 40}


def used(
    metadata: dict[str, Any], pair: str, age_s: float = 1.0, trade_size: str = "5000"
) -> CostsUsed:
    moment = CLOCK.now() - timedelta(seconds=age_s)
    entry = {
        "buy": {"gas_use_estimate_usd": 0.2},
        "sell": {"gas_use_estimate_usd": 0.3},
        "derived": {"loss_rate": "0.03"},
        "generated_at": moment.isoformat(),
    }
    cache = cache_check({"metadata": metadata, "entries": {"5000": entry}}, "here")
    return costs_used(cache, pair=pair, trade_size=Decimal(trade_size), clock=CLOCK)


@pytest.mark.parametrize("metadata", [NAMED, ORIGINAL, {**ORIGINAL, "source": "router 0x1"}])
def test_costs_of_another_pair_are_told_whoever_measured_them(metadata: dict[str, Any]) -> None:
    found = used(metadata, "ETH/BTC")
    (warning,) = found.warnings
    assert "measured on PDAI/DAI, the candles are of ETH/BTC" in warning
    assert found.compared == "measured on PDAI/DAI, not on ETH/BTC, the pair of the candles"


@pytest.mark.parametrize("pair", ["PDAI/DAI", "pDAI/DAI", "PDAI-DAI"])
def test_costs_of_the_same_pair_are_not(pair: str) -> None:
    found = used(ORIGINAL, pair)
    assert found.warnings == ()
    assert found.compared == "measured on PDAI/DAI, the pair of the candles"


@pytest.mark.parametrize(
    ("metadata", "pair", "why"),
    [
        (NAMED, "", "the candles do not say of which pair they are"),
        ({}, "ETH/BTC", "the cache does not say of which pair it is"),
        (STRANGE, "ETH/BTC", "the cache does not say of which pair it is"),
    ],
)
def test_what_is_not_known_is_no_warning_but_is_written_down(
    metadata: dict[str, Any], pair: str, why: str
) -> None:
    found = used(metadata, pair)
    assert found.warnings == ()
    assert found.compared.startswith("not compared")
    assert why in found.compared


def test_a_cache_may_name_the_pair_of_any_tokens() -> None:
    assert used({**STRANGE, "pair": "HEX/DAI"}, "HEX/DAI").warnings == ()
    assert "measured on HEX/DAI" in used({**STRANGE, "pair": "HEX/DAI"}, "ETH/BTC").warnings[0]


def test_age_and_market_are_two_warnings_kept_with_the_study() -> None:
    found = used(NAMED, "ETH/BTC", 410 * DAY_S)
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
