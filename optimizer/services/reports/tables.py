"""Lay a study out as rows: one table per window, per objective, over all, and the walk-forward.

Rows are sorted by return. What is missing or has no bound is an empty cell. The column names are
those of the original's files, so that its readers keep working; the columns it filled for grid
strategies only stay empty, and the columns on luck are new.

Source: reference specification of the optimizer, section 8. ``best_objective`` differs on purpose:
the original compared raw scores of unlike scales; here it is the objective in which the trial
ranks highest.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

import numpy as np
import orjson

from optimizer.domain.luck.figures import FIGURE_NAMES
from optimizer.domain.reporting import ReportCurve, ReportLuck, ReportStudy
from trading.domain.market.bars import FloatArray, IntArray

# file column: metric
METRIC_COLUMNS: Final = {
    "total_return_pct": "total_return_pct",
    "buy_hold_return_pct": "buy_hold_return_pct",
    "buy_hold_max_drawdown_pct": "buy_hold_max_drawdown_pct",
    "max_drawdown_pct": "max_drawdown_pct",
    "cagr_pct": "cagr_pct",
    "sharpe_ratio": "sharpe",
    "sortino_ratio": "sortino",
    "win_rate_pct": "win_rate_pct",
    "total_trades": "num_trades",
    "profit_factor": "profit_factor",
    "recovery_factor": "recovery_factor",
    "total_cost_pct": "total_cost_pct",
    "avg_cost_per_trade_pct": "avg_cost_per_trade_pct",
    "final_balance": "final_balance",
    "avg_buy_step_pct": "",
    "avg_sell_step_pct": "",
    "max_drawdown_duration_days": "max_drawdown_duration_days",
}
OBJECTIVE_COLUMNS: Final = (
    *("total_return_pct", "buy_hold_return_pct", "buy_hold_max_drawdown_pct"),
    *("max_drawdown_pct", "cagr_pct", "sharpe_ratio", "sortino_ratio", "total_trades"),
    *("final_balance", "avg_buy_step_pct", "avg_sell_step_pct", "max_drawdown_duration_days"),
)
LUCK_COLUMNS: Final = ("explained", *FIGURE_NAMES)
_WHOLE: Final = {"total_trades"}

_SPECIAL: Final = re.compile(r'[",\r\n]')

Cell = str | int | float | bool | None


Column = Sequence[Cell] | FloatArray


class Table(NamedTuple):
    """Columns by name, all of one length; what is not finite in an array is an empty cell."""

    columns: dict[str, Column]

    def rows(self) -> Iterable[tuple[Cell, ...]]:
        """Return the rows in their order."""
        return zip(*map(_plain, self.columns.values()), strict=True)

    def records(self) -> list[dict[str, Cell]]:
        """Return the rows as objects."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows()]


def window_table(study: ReportStudy, window: str, limit: int | None = None) -> Table:
    """Return the trials evaluated on ``window``, highest return first, all or the first few."""
    order = study.ranked(window)[:limit]
    name, score = best_objectives(study)
    return Table(
        {
            **_identity(study, order),
            "best_objective": [name[i] for i in order.tolist()],
            "best_objective_score": [score[i] for i in order.tolist()],
            **_metrics(study, window, order, tuple(METRIC_COLUMNS)),
            **_luck(study, order),
        }
    )


def objective_table(study: ReportStudy, objective: int) -> Table:
    """Return every trial with a score under one objective, highest return first."""
    window = study.ranking_window
    scores = study.scores[:, objective]
    order = study.ranked(window, np.flatnonzero(np.isfinite(scores)))
    return Table(
        {
            **_identity(study, order),
            "score": scores[order],
            **_metrics(study, window, order, OBJECTIVE_COLUMNS),
            **_luck(study, order),
        }
    )


def overall_table(study: ReportStudy, known: Mapping[str, Table] | None = None) -> Table:
    """Return the tables of all windows in one, the window first, highest return first.

    Args:
        study: the results.
        known: the tables of all windows, where they are made already.
    """
    made = known or {window: window_table(study, window) for window in study.facts.windows}
    tables = {window: table.columns for window, table in made.items()}
    gain = np.concatenate([np.asarray(table["total_return_pct"]) for table in tables.values()])
    order = np.argsort(-gain, kind="stable").tolist()
    names = [w for w, table in tables.items() for _ in range(len(table["trial_id"]))]
    columns: dict[str, Column] = {"window": [names[i] for i in order]}
    for name in next(iter(tables.values())):
        parts = [table[name] for table in tables.values()]
        numbers = [part for part in parts if isinstance(part, np.ndarray)]
        if len(numbers) == len(parts):
            columns[name] = np.concatenate(numbers)[order]
        else:
            cells = [cell for part in parts for cell in _plain(part)]
            columns[name] = [cells[i] for i in order]
    return Table(columns)


def fold_table(study: ReportStudy) -> Table:
    """Return the walk-forward, oldest step first."""
    folds = study.folds
    return Table(
        {
            "step_index": list(range(1, len(folds) + 1)),
            "strategy": [fold.strategy for fold in folds],
            "train_start": [moment(fold.train_from) for fold in folds],
            "train_end": [moment(fold.train_to) for fold in folds],
            "holdout_start": [moment(fold.test_from) for fold in folds],
            "holdout_end": [moment(fold.test_to) for fold in folds],
            "trial_id": [fold.number for fold in folds],
            "train_total_return_pct": [fold.train_return_pct for fold in folds],
            "parameters": [fold.params for fold in folds],
            "holdout_total_return_pct": [fold.test_return_pct for fold in folds],
            "holdout_buy_hold_return_pct": [fold.test_hold_pct for fold in folds],
        }
    )


def trade_table(curve: ReportCurve) -> Table:
    """Return the round trips of one run, oldest first."""
    trades, times = curve.trades, curve.time.tolist()
    plain = (
        *("entry_price", "cost_buy_quote", "notional_committed_quote"),
        *("exit_price", "cost_sell_quote", "proceeds_quote", "return_pct"),
    )
    return Table(
        {
            "entry_index": [trade.entry_index for trade in trades],
            "entry_time": [moment(times[trade.entry_index]) for trade in trades],
            "exit_index": [trade.exit_index for trade in trades],
            "exit_time": [moment(times[trade.exit_index]) for trade in trades],
            **{name: [getattr(trade, name) for trade in trades] for name in plain},
        }
    )


def best_objectives(study: ReportStudy) -> tuple[list[str], list[float | None]]:
    """Return per trial the objective in which it ranks highest, and its score there."""
    scores = np.where(np.isfinite(study.scores), study.scores, -np.inf)
    rank = np.argsort(np.argsort(-scores, axis=0, kind="stable"), axis=0, kind="stable")
    place = np.argmin(rank, axis=1)
    best = scores[np.arange(scores.shape[0]), place]
    names = study.facts.objectives
    return (
        [
            names[k] if ok else ""
            for k, ok in zip(place.tolist(), np.isfinite(best).tolist(), strict=True)
        ],
        [value if math.isfinite(value) else None for value in best.tolist()],
    )


def csv_bytes(table: Table, quoted: dict[str, str] | None = None) -> bytes:
    """Return the table as CSV: UTF-8, lines end in a newline, numbers in full.

    Written by column and not by ``csv``, which takes several times as long for a large study.

    Args:
        table: the columns.
        quoted: cells as they are quoted, kept from table to table of one study.
    """
    known = {} if quoted is None else quoted
    texts = [_texts(column, known) for column in table.columns.values()]
    lines = [",".join(table.columns), *map(",".join, zip(*texts, strict=True)), ""]
    return "\n".join(lines).encode()


def _texts(column: Column, quoted: dict[str, str]) -> list[str]:
    """Return the cells as text, quoted where needed, None as nothing."""
    if not isinstance(column, np.ndarray):
        first = next((cell for cell in column if cell is not None), None)
        if first is None:
            return [""] * len(column)
        if isinstance(first, str):
            return [quoted.get(str(cell)) or _quoted(cell, quoted) for cell in column]
    texts = orjson.dumps(column, option=orjson.OPT_SERIALIZE_NUMPY).decode()[1:-1]
    if "null" in texts:
        texts = texts.replace("null", "")  # numbers only, so nothing else can be meant
    return texts.split(",") if len(column) else []


def _quoted(cell: Cell, quoted: dict[str, str]) -> str:
    text = "" if cell is None else str(cell)
    if _SPECIAL.search(text):
        quoted[text] = '"' + text.replace('"', '""') + '"'
    return quoted.get(text, text)


def _plain(column: Column) -> Sequence[Cell]:
    if not isinstance(column, np.ndarray):
        return column
    if column.dtype.kind != "f":
        whole: list[Cell] = column.tolist()
        return whole
    return [value if math.isfinite(value) else None for value in column.tolist()]


def moment(time_ms: int) -> str:
    """Return a time as ISO-8601 UTC."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _identity(study: ReportStudy, order: IntArray) -> dict[str, Column]:
    places = order.tolist()
    return {
        "trial_id": study.number[order].tolist(),
        "strategy": [study.strategy[i] for i in places],
        "parameters": [study.params[i] for i in places],
    }


def _metrics(
    study: ReportStudy, window: str, order: IntArray, names: Sequence[str]
) -> dict[str, Column]:
    found: dict[str, Column] = {}
    for name in names:
        metric = METRIC_COLUMNS[name]
        values = study.metric(window, metric)[order] if metric else None
        if values is None:
            found[name] = [None] * order.shape[0]
        elif name in _WHOLE:
            # written without a point; every trial that was evaluated has a count
            found[name] = [None if c is None else int(c) for c in _plain(values)]
        else:
            found[name] = values
    return found


def _luck(study: ReportStudy, order: IntArray) -> dict[str, Column]:
    numbers = study.number[order].tolist()
    examined = [
        (place, study.luck[number]) for place, number in enumerate(numbers) if number in study.luck
    ]
    columns: dict[str, Column] = {}
    for name in LUCK_COLUMNS:
        cells: list[Cell] = [None] * len(numbers)
        for place, luck in examined:
            cells[place] = _luck_cell(luck, name)
        columns[name] = cells
    return columns


def _luck_cell(luck: ReportLuck, name: str) -> Cell:
    if name == "explained":
        return str(luck.explained).lower()
    value: Cell = getattr(luck.figures, name)
    return value
