"""A cost file says what it is of; candles of another token, chain or direction are noticed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.swap_costs import MemorySwapCosts
from trading.base.domain.errors import BadInputError
from trading.market.services.swap_costs.cache import cache_check
from trading.market.services.swap_costs.identity import (
    CostEntries,
    CostIdentity,
    CostsMismatchError,
    entries_fit,
    identity_of,
)
from trading.market.services.swap_costs.market import PDAI_DAI
from trading.market.services.swap_costs.simulated import RUNGS, simulated_costs_put

NAMED = PDAI_DAI.metadata()
ORIGINAL = {name: value for name, value in NAMED.items() if name not in ("pair", "source")}
REVERSED = ORIGINAL | {
    "asset_address": ORIGINAL["quote_address"],
    "quote_address": ORIGINAL["asset_address"],
}
STRANGER = "0x" + "5" * 40
SIMULATED = {"source": "simulated", "pairs": ["BTC/USDT", "ETH/USDT"]}


@pytest.mark.parametrize(
    ("metadata", "venue", "pair"),
    [
        (ORIGINAL, "pulsex", "PDAI/DAI"),
        (NAMED, "pulsex", "PDAI/DAI"),
        ({}, "pulsex", "HEX/DAI"),
        (ORIGINAL, "kraken", "XMR/EUR"),  # an assumption, which is said; nobody's tokens
        (NAMED, "", ""),
        (NAMED | {"pair": "HEX/DAI", "asset_address": STRANGER}, "pulsex", "HEX/DAI"),
        (NAMED | {"pair": "ETH/BTC", "chain_id": 1}, "bybit", "ETH/BTC"),
        (SIMULATED, "simulated", "ETH/USDT"),
    ],
)
def test_costs_of_the_market_or_of_nothing_known_fit(
    metadata: dict[str, Any], venue: str, pair: str
) -> None:
    assert identity_of(metadata).differences(venue, pair) == ()


@pytest.mark.parametrize(
    ("metadata", "venue", "pair", "phrase"),
    [
        (ORIGINAL, "pulsex", "HEX/DAI", "token PDAI, not HEX"),
        (ORIGINAL, "pulsex", "PDAI/USDC", "paid token DAI, not USDC"),
        (ORIGINAL | {"asset_address": STRANGER}, "pulsex", "PDAI/DAI", f"{STRANGER}, not PDAI"),
        (ORIGINAL | {"quote_address": STRANGER}, "pulsex", "PDAI/DAI", f"{STRANGER}, not DAI"),
        (NAMED | {"asset_address": STRANGER}, "pulsex", "PDAI/DAI", f"{STRANGER}, not PDAI"),
        (ORIGINAL | {"chain_id": 1}, "pulsex", "PDAI/DAI", "chain 1, not chain 369 (pulsechain)"),
        (ORIGINAL | {"chain_id": "1"}, "pulsex", "PDAI/DAI", "chain 1, not chain 369"),
        (REVERSED, "pulsex", "PDAI/DAI", "direction DAI/PDAI, sizes in PDAI, not PDAI/DAI"),
        (ORIGINAL, "pulsex", "DAI/PDAI", "direction PDAI/DAI, sizes in DAI, not DAI/PDAI"),
        (NAMED | {"pair": "DAI/PDAI"}, "pulsex", "PDAI/DAI", "direction DAI/PDAI"),
        (NAMED | {"pair": "dai-pdai"}, "pulsex", "PDAI/DAI", "direction DAI/PDAI"),
        (REVERSED, "kraken", "PDAI/DAI", "direction DAI/PDAI, sizes in PDAI, not PDAI/DAI"),
        (NAMED, "kraken", "XMR/EUR", "PDAI/DAI, not XMR/EUR"),
        (NAMED, "", "XMR/EUR", "PDAI/DAI, not XMR/EUR"),
        (SIMULATED, "bybit", "BTC/USDT", "simulated, not measured on bybit"),
        (SIMULATED, "simulated", "SOL/USDT", "BTC/USDT, ETH/USDT, not SOL/USDT"),
    ],
)
def test_another_token_chain_or_direction_is_a_difference(
    metadata: dict[str, Any], venue: str, pair: str, phrase: str
) -> None:
    assert phrase in "; ".join(identity_of(metadata).differences(venue, pair))


def test_a_file_is_said_by_pair_chain_and_what_nobody_measured() -> None:
    assert str(identity_of(ORIGINAL)) == "PDAI/DAI on chain 369 (pulsechain)"
    assert str(identity_of(REVERSED)) == "DAI/PDAI on chain 369 (pulsechain)"
    assert str(identity_of(SIMULATED)) == "BTC/USDT, ETH/USDT, simulated"
    assert "0x5555" in str(identity_of(ORIGINAL | {"asset_address": STRANGER}))
    assert str(identity_of({})) == "a market it does not name"


@pytest.mark.parametrize(
    "metadata", [{"chain_id": "main"}, {"chain_id": 0}, {"pair": "PDAI"}, {"pairs": "A/B"}]
)
def test_metadata_that_say_nothing_possible_are_refused_by_name(metadata: dict[str, Any]) -> None:
    with pytest.raises(BadInputError, match=r"'here'.*(chain_id|pair)"):
        cache_check({"metadata": metadata, "entries": {}}, "here")


def test_a_session_pays_no_costs_of_another_market() -> None:
    entries = CostEntries({"5000": {}}, identity_of(ORIGINAL), "here")
    entries_fit(entries, "pulsex", ["PDAI/DAI"])
    entries_fit({"5000": {}}, "pulsex", ["HEX/DAI"])
    entries_fit(CostEntries({}, CostIdentity(), "here"), "pulsex", ["HEX/DAI"])
    with pytest.raises(CostsMismatchError, match=r"'here'.*HEX/DAI on 'pulsex'.*PDAI, not HEX"):
        entries_fit(entries, "pulsex", ["PDAI/DAI", "HEX/DAI"])


def test_a_simulation_writes_costs_where_none_were_measured_and_never_over_measured_ones() -> None:
    clock, store = FakeClock(), MemorySwapCosts()
    cache = simulated_costs_put(store=store, pairs=["BTC/USDT"], clock=clock)
    assert cache.identity.is_simulated
    assert cache.schedule.notional.tolist() == list(RUNGS)
    assert (cache.schedule.loss_rate[1:] > cache.schedule.loss_rate[:-1]).all()
    assert "simulated" in cache.warning(clock)
    again = simulated_costs_put(store=store, pairs=["ETH/USDT"], clock=clock)
    assert again.identity.pairs == ("BTC/USDT", "ETH/USDT")
    measured = {"metadata": NAMED, "entries": store.cache["entries"]} if store.cache else {}
    kept = MemorySwapCosts(measured)
    assert simulated_costs_put(store=kept, pairs=["A/B"], clock=clock).pair == "PDAI/DAI"
    assert kept.cache == measured
