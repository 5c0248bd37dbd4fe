"""Candle and cost files small enough for a search of seconds."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from tests.oracles.paths import RUNGS, path

N_BARS = 9_000  # 31 days of five minutes and the gaps between them


def candles_file(folder: Path, n_bars: int = N_BARS, seed: int = 2) -> Path:
    """Write candles and return their file."""
    bars = path(seed, n_bars)
    names = ("open", "high", "low", "close", "volume")
    table = pd.DataFrame(dict(zip(names, bars.values, strict=True)))
    table.insert(0, "timestamp", pd.to_datetime(bars.open_time, unit="ms", utc=True))
    file = folder / "pulsex_PDAI-DAI_5m.parquet"
    table.to_parquet(file)
    return file


def costs_file(folder: Path) -> Path:
    """Write a swap-cost cache and return its file."""
    entries = {
        str(rung): {
            "derived": {"loss_rate": str(loss)},
            "buy": {"gas_use_estimate_usd": buy},
            "sell": {"gas_use_estimate_usd": sell},
        }
        for rung, loss, buy, sell in RUNGS
    }
    file = folder / "costs.json"
    file.write_text(json.dumps({"metadata": {}, "entries": entries}))
    return file


def arguments(folder: Path, *, trials: int) -> list[str]:
    """Return what ``optimize run`` is asked for; the files are written where they lack."""
    return [
        "--candles-file", str(candles_file(folder)), "--swap-costs", str(costs_file(folder)),
        "--strategies", "passive_hold,donchian_champion,tight_trend_follow,csma_revert",
        "--objectives", "final_balance,profit_biased,utility,mar", "--windows", "all,10d",
        "--trials", str(trials), "--seed", "11", "--max-workers", "2", "--json",
    ]  # fmt: skip
