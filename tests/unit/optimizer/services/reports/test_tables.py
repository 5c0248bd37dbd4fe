"""Rows are sorted by return, whole, and empty where there is nothing to say."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from optimizer.domain.luck.figures import FIGURE_NAMES
from optimizer.domain.reporting import ReportStudy
from optimizer.services.reports.rows import Table, Written, csv_bytes
from optimizer.services.reports.tables import (
    LUCK_COLUMNS,
    METRIC_COLUMNS,
    StudyTables,
    best_objectives,
    fold_table,
    trade_table,
)
from tests import report_scene
from trading.base.domain.errors import InvariantError

SPEC_COLUMNS = [
    "trial_id",
    "strategy",
    "parameters",
    "best_objective",
    "best_objective_score",
    "total_return_pct",
    "buy_hold_return_pct",
    "buy_hold_max_drawdown_pct",
    "max_drawdown_pct",
    "cagr_pct",
    "sharpe_ratio",
    "sortino_ratio",
    "win_rate_pct",
    "total_trades",
    "profit_factor",
    "recovery_factor",
    "total_cost_pct",
    "avg_cost_per_trade_pct",
    "final_balance",
    "avg_buy_step_pct",
    "avg_sell_step_pct",
    "max_drawdown_duration_days",
]


@pytest.fixture(scope="module")
def study() -> ReportStudy:
    return report_scene.study()


def written(table: Table | Written) -> bytes:
    return csv_bytes(table.written() if isinstance(table, Table) else table)


def read(table: Table | Written) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written(table).decode(), newline="")))


@pytest.mark.parametrize("window", report_scene.WINDOWS)
def test_a_window_lists_every_trial_evaluated_on_it_by_return(
    study: ReportStudy, window: str
) -> None:
    rows = read(StudyTables(study).window(window))
    gains = [float(row["total_return_pct"]) for row in rows]
    assert gains == sorted(gains, reverse=True)
    is_there = np.isfinite(study.metric(window, "total_return_pct"))
    assert {int(row["trial_id"]) for row in rows} == set(study.number[is_there].tolist())


def test_the_columns_are_the_original_s_and_those_on_luck(study: ReportStudy) -> None:
    table = StudyTables(study).window("1y")
    assert [*table.names] == [
        *SPEC_COLUMNS,
        *("luck_window", "verdict", "reason_codes", "charged_for_trials", "judged_at_trials"),
        *FIGURE_NAMES,
    ]
    assert {"luck_probability", "deflated_sharpe", "holdout_return_pct"} < set(FIGURE_NAMES)


def test_every_cell_is_the_metric_in_full_or_empty(study: ReportStudy) -> None:
    for row in read(StudyTables(study).window("1y")):
        place = int(row["trial_id"])
        for column, metric in METRIC_COLUMNS.items():
            value = study.metric("1y", metric)[place] if metric else np.nan
            assert row[column] == "" if np.isnan(value) else float(row[column]) == value
        assert json.loads(row["parameters"])["exit_days"] == 2
        assert row["total_trades"].isdigit()


def test_nothing_is_written_as_nan_or_infinity(study: ReportStudy) -> None:
    tables = StudyTables(study)
    windows = [tables.window(window) for window in study.facts.windows]
    text = b"".join(map(written, [*windows, tables.objective(0), tables.overall()])).lower()
    assert b"nan" not in text
    assert b"inf" not in text
    assert b"none" not in text


def test_an_objective_lists_the_trials_with_a_score_by_return(study: ReportStudy) -> None:
    rows = read(StudyTables(study).objective(2))
    gains = [float(row["total_return_pct"]) for row in rows]
    assert gains == sorted(gains, reverse=True)
    assert len(rows) == int(np.isfinite(study.scores[:, 2]).sum())
    for row in rows:
        assert float(row["score"]) == study.scores[int(row["trial_id"]), 2]


def test_luck_stands_where_a_trial_was_examined_and_only_there(study: ReportStudy) -> None:
    rows = read(StudyTables(study).window("1y"))
    examined = [row for row in rows if int(row["trial_id"]) in study.luck]
    assert sorted(row["verdict"] for row in examined) == [
        "explained",
        "explained",
        "not_proven",
        "survives",
    ]
    assert {row["pbo"] for row in examined} == {"0.31"}
    for row in rows:
        if int(row["trial_id"]) not in study.luck:
            assert {row[name] for name in LUCK_COLUMNS} == {""}
        else:
            assert all(row[name] for name in FIGURE_NAMES)


@pytest.mark.parametrize("window", report_scene.WINDOWS)
def test_luck_names_the_window_it_was_examined_on_in_every_table(
    study: ReportStudy, window: str
) -> None:
    rows = read(StudyTables(study).window(window))
    examined = [row for row in rows if int(row["trial_id"]) in study.luck]
    assert len(examined) == 4
    assert {row["luck_window"] for row in examined} == {"1y"}
    assert {row["luck_window"] for row in rows if row not in examined} == {""}
    assert {row["luck_window"] for row in read(StudyTables(study).overall())} == {"", "1y"}


def test_the_reasons_stand_as_codes_from_their_closed_set(study: ReportStudy) -> None:
    for table in (StudyTables(study).window("30d"), StudyTables(study).objective(0)):
        for row in read(table):
            luck = study.luck.get(int(row["trial_id"]))
            assert row["reason_codes"] == (";".join(luck.codes) if luck else "")
            if luck and luck.verdict == "explained":
                assert row["reason_codes"] == "luck_suffices;deflated_sharpe;holdout_loss"
                assert row["charged_for_trials"] == row["judged_at_trials"] == "12345"


def test_the_best_objective_is_where_the_trial_ranks_highest_not_the_largest_number() -> None:
    study = report_scene.study(4)
    scores = np.array([[0.9, 100, 1], [0.1, 900, 2], [0.2, 200, 50], [np.nan] * 3])
    names, best = best_objectives(replace(study, scores=scores))
    assert names == ["mar", "final_balance", "cps", ""]
    np.testing.assert_array_equal(best, [0.9, 900.0, 50.0, np.nan])


def test_all_windows_are_stacked_in_one_table_by_return(study: ReportStudy) -> None:
    rows = read(StudyTables(study).overall())
    gains = [float(row["total_return_pct"]) for row in rows]
    assert gains == sorted(gains, reverse=True)
    assert {row["window"] for row in rows} == set(report_scene.WINDOWS)
    assert len(rows) == sum(len(study.ranked(window)) for window in report_scene.WINDOWS)


def test_a_study_without_trials_has_tables_with_headers_only() -> None:
    study = report_scene.study(240)
    empty = replace(
        study,
        number=study.number[:0],
        strategy=[],
        params=[],
        status=[],
        metrics={window: table[:0] for window, table in study.metrics.items()},
        scores=study.scores[:0],
        folds=(),
    )
    for table in (
        StudyTables(empty).window("1y"),
        StudyTables(empty).objective(0),
        StudyTables(empty).overall(),
    ):
        assert written(table).count(b"\n") == 1
    assert written(fold_table(empty)).startswith(b"step_index,strategy,train_start")


def test_the_walk_forward_keeps_its_order_and_its_gaps(study: ReportStudy) -> None:
    rows = read(fold_table(study))
    assert [row["step_index"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[3]["holdout_total_return_pct"] == ""
    assert rows[0]["train_end"] < rows[0]["holdout_start"]


def test_trades_carry_the_times_of_their_bars() -> None:
    curve = report_scene.curve(12, 0)
    rows = read(trade_table(curve))
    assert len(rows) == len(curve.trades) == 3
    assert rows[0]["entry_time"] < rows[0]["exit_time"] < rows[1]["entry_time"]


def test_columns_of_unequal_length_are_a_bug(study: ReportStudy) -> None:
    with pytest.raises(InvariantError, match="columns disagree"):
        replace(study, strategy=["x"])


@pytest.mark.parametrize("text", ["a,b", 'say "so"', "two\nlines", "back\r", "", "plain", "ünï"])
def test_text_survives_a_csv_reader(text: str) -> None:
    table = Table.of({"text": [text, "x"], "number": [None, 1.5], "whole": [3, None]})
    rows = read(table)
    assert [row["text"] for row in rows] == [text, "x"]
    assert [row["number"] for row in rows] == ["", "1.5"]
    assert [row["whole"] for row in rows] == ["3", ""]
