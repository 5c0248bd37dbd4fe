"""Every reference run of the original evaluator is met to 1e-8, trades to the bar and the digit."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from optimizer.domain.evaluator.evaluator import Evaluator, FillModel, Plan, Run
from optimizer.domain.objectives import objective_scores
from optimizer.domain.periods import window_parse
from trading.market.domain.bars import BarArrays
from trading.market.domain.costs import SwapCostSchedule

pytestmark = pytest.mark.real_data
OUR_NAMES = {
    "sharpe_ratio": "sharpe",
    "sortino_ratio": "sortino",
    "total_trades": "num_trades",
    "total_cost_dai": "total_cost_quote",
}


@cache
def evaluator_of(folder: Path) -> Evaluator:
    table = pq.read_table(folder / "candles" / "pulsex_PDAI-DAI_5m.parquet")
    times = table["timestamp"].cast("int64").to_numpy() // 1000
    rows = [table[column].to_numpy() for column in ("open", "high", "low", "close", "volume")]
    values = np.ascontiguousarray(np.stack(rows))
    bars = BarArrays(times, values, np.zeros(times.shape[0], dtype=np.uint8))
    cache_file = json.loads((folder / "optimizer" / "swap_cost_cache.json").read_text())
    costs = SwapCostSchedule.from_entries(cache_file["entries"])
    return Evaluator(bars, step_ms=300_000, costs=costs)


def run_of(evaluator: Evaluator, row: dict) -> Run:
    window, fill = window_parse(row["window"]), FillModel(row["fill"])
    plan = Plan((window,), (row["trade_size"],), fill)
    [run] = evaluator.evaluate(row["strategy"], row["params"], plan)
    return run


def close_to(value: float | None) -> object:
    return None if value is None else pytest.approx(value, rel=1e-8, abs=1e-12)


def test_all_reference_runs_match(shared_data: Path) -> None:
    evaluator = evaluator_of(shared_data)
    rows = json.loads((shared_data / "optimizer" / "reference_runs.json").read_text())["runs"]
    assert len(rows) == 33
    for row in rows:
        run, label = run_of(evaluator, row), f"{row['strategy']} {row['fill']} {row['window']}"
        found = run.metrics.as_dict()
        for name, value in row["metrics"].items():
            assert found[OUR_NAMES.get(name, name)] == close_to(value), (label, name)
        scores = objective_scores(run.metrics)
        for name, value in row["objectives"].items():
            if name != "mar":
                assert scores[name] == close_to(value), (label, name)
        trades = [[t.entry_index, t.exit_index, t.entry_price, t.exit_price] for t in run.trades()]
        assert trades == row["trades"], label
        assert [t.return_pct / 100 for t in run.trades()] == close_to(row["trade_returns"])
        assert evaluator.curve(run).mean() == close_to(row["equity_mean"])


def test_mar_is_what_its_name_says(shared_data: Path) -> None:
    evaluator = evaluator_of(shared_data)
    rows = json.loads((shared_data / "optimizer" / "reference_runs.json").read_text())["runs"]
    for row in rows:
        metrics = row["metrics"]
        depth = max(1e-9, abs(metrics["max_drawdown_pct"]) / 100)
        score = objective_scores(run_of(evaluator, row).metrics, ["mar"])["mar"]
        assert score == close_to(metrics["cagr_pct"] / 100 / depth)


def test_windows_hold_the_documented_bars(shared_data: Path) -> None:
    evaluator = evaluator_of(shared_data)
    spans = [evaluator.span(window_parse(label)) for label in ("30d", "90d", "1y", "all")]
    assert [span.stop - span.start for span in spans] == [8635, 25888, 103_844, 193_164]
    gains = [round(evaluator.facts(span).hold_gain * 100, 1) for span in spans]
    assert gains == [3.2, 67.5, 158.5, 364.3]
