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
from collections.abc import Iterable, Sequence
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


class Table(NamedTuple):
    """Columns by name, all of one length."""

    columns: dict[str, Sequence[Cell]]

    def rows(self) -> Iterable[tuple[Cell, ...]]:
        """Return the rows in their order."""
        return zip(*self.columns.values(), strict=True)

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
            "score": _cells(scores[order]),
            **_metrics(study, window, order, OBJECTIVE_COLUMNS),
            **_luck(study, order),
        }
    )


def overall_table(study: ReportStudy) -> Table:
    """Return the tables of all windows in one, the window first, highest return first."""
    tables = [(window, window_table(study, window)) for window in study.facts.windows]
    names = ("window", *tables[0][1].columns)
    rows = [(window, *row) for window, table in tables for row in table.rows()]
    gain = names.index("total_return_pct")
    rows.sort(key=lambda row: -float(row[gain] or 0.0))
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return Table(dict(zip(names, columns, strict=True)))


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


def csv_bytes(table: Table) -> bytes:
    """Return the table as CSV: UTF-8, lines end in a newline, numbers in full.

    Written by column and not by ``csv``, which takes several times as long for a large study.
    """
    texts = [_texts(column) for column in table.columns.values()]
    lines = [",".join(table.columns), *map(",".join, zip(*texts, strict=True)), ""]
    return "\n".join(lines).encode()


def _texts(column: Sequence[Cell]) -> list[str]:
    """Return the cells as text, quoted where needed, None as nothing."""
    first = next((cell for cell in column if cell is not None), None)
    if first is None:
        return [""] * len(column)
    if isinstance(first, str):
        return [_quoted(str(cell)) if cell else "" for cell in column]
    texts = orjson.dumps(column, option=orjson.OPT_SERIALIZE_NUMPY).decode()[1:-1].split(",")
    return ["" if text == "null" else text for text in texts]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.search(text) else text


def moment(time_ms: int) -> str:
    """Return a time as ISO-8601 UTC."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _identity(study: ReportStudy, order: IntArray) -> dict[str, Sequence[Cell]]:
    places = order.tolist()
    return {
        "trial_id": study.number[order].tolist(),
        "strategy": [study.strategy[i] for i in places],
        "parameters": [study.params[i] for i in places],
    }


def _metrics(
    study: ReportStudy, window: str, order: IntArray, names: Sequence[str]
) -> dict[str, Sequence[Cell]]:
    found: dict[str, Sequence[Cell]] = {}
    for name in names:
        metric = METRIC_COLUMNS[name]
        if not metric:
            found[name] = [None] * order.shape[0]
            continue
        cells = _cells(study.metric(window, metric)[order])
        found[name] = [None if c is None else int(c) for c in cells] if name in _WHOLE else cells
    return found


def _luck(study: ReportStudy, order: IntArray) -> dict[str, Sequence[Cell]]:
    found = [study.luck.get(number) for number in study.number[order].tolist()]
    columns: dict[str, Sequence[Cell]] = {}
    for name in LUCK_COLUMNS:
        columns[name] = [None if luck is None else _luck_cell(luck, name) for luck in found]
    return columns


def _luck_cell(luck: ReportLuck, name: str) -> Cell:
    if name == "explained":
        return str(luck.explained).lower()
    value: Cell = getattr(luck.figures, name)
    return value


def _cells(column: FloatArray) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in column.tolist()]
