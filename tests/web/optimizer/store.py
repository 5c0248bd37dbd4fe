"""Candles to search and what swaps cost, as they lie in a data directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from tests.oracles import paths
from trading.market import bootstrap as market
from trading.market.domain.bars import BarArrays
from trading.market.ports.candles import SeriesKey

KEY: Final = SeriesKey("pulsex", "PDAI/DAI", "5m")


def store_fill(data_dir: Path, bars: BarArrays, key: SeriesKey = KEY) -> None:
    """Store the series, and swap costs of four rungs."""
    market.candle_store().replace(key, bars, source="test")
    rungs = {
        f"{notional:g}": {
            "derived": {"loss_rate": str(loss)},
            "buy": {"gas_use_estimate_usd": buy},
            "sell": {"gas_use_estimate_usd": sell},
        }
        for notional, loss, buy, sell in paths.RUNGS
    }
    cache = {"metadata": {}, "entries": rungs}
    (data_dir / market.SWAP_COST_FILE).write_text(json.dumps(cache))
