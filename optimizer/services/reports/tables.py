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
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

import numpy as np

from optimizer.domain.luck.figures import FIGURE_NAMES
from optimizer.domain.reporting import ReportCurve, ReportLuck, ReportStudy
from optimizer.services.reports.rows import Block, Cell, Column, Lines, Table
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


class StudyTables:
    """The tables of one study; what several of them show is laid out once."""

    def __init__(self, study: ReportStudy) -> None:
        """Take the results; nothing is laid out yet."""
        self.study = study
        self._windows: dict[str, tuple[IntArray, Block]] = {}

    def window(self, window: str, limit: int | None = None) -> Table:
        """Return the trials evaluated on ``window``, highest return first, all or the first few."""
        order, metrics = self._window(window)
        blocks = (self._identity, self._best, metrics, self._luck)
        return Table(blocks, order[:limit].tolist())

    def objective(self, objective: int) -> Table:
        """Return every trial with a score under one objective, highest return first."""
        scores = self.study.scores[:, objective]
        order, _ = self._window(self.study.ranking_window)
        blocks = (self._identity, Block({"score": scores}), self._scored, self._luck)
        return Table(blocks, order[np.isfinite(scores[order])].tolist())

    def overall(self, known: Mapping[str, Lines] | None = None) -> Lines:
        """Return the tables of all windows in one, the window first, highest return first.

        Args:
            known: the tables of all windows, where they are written already.
        """
        windows = self.study.facts.windows
        made = known or {window: self.window(window).written() for window in windows}
        gain = [
            self.study.metric(window, "total_return_pct")[self._window(window)[0]]
            for window in windows
        ]
        order = np.argsort(-np.concatenate(gain), kind="stable").tolist()
        lines = [
            name + line
            for window in windows
            for name in (window.encode() + b",",)
            for line in made[window].lines
        ]
        return Lines(("window", *made[windows[0]].names), [lines[place] for place in order])

    def _window(self, window: str) -> tuple[IntArray, Block]:
        if window not in self._windows:
            columns = _metrics(self.study, window, tuple(METRIC_COLUMNS))
            self._windows[window] = self.study.ranked(window), Block(columns)
        return self._windows[window]

    @cached_property
    def _identity(self) -> Block:
        study = self.study
        return Block(
            {"trial_id": study.number, "strategy": study.strategy, "parameters": study.params}
        )

    @cached_property
    def _best(self) -> Block:
        name, score = best_objectives(self.study)
        return Block({"best_objective": name, "best_objective_score": score})

    @cached_property
    def _scored(self) -> Block:
        return Block(_metrics(self.study, self.study.ranking_window, OBJECTIVE_COLUMNS))

    @cached_property
    def _luck(self) -> Block:
        numbers, luck = self.study.number.tolist(), self.study.luck
        examined = [(place, luck[number]) for place, number in enumerate(numbers) if number in luck]
        columns: dict[str, Column] = {}
        for name in LUCK_COLUMNS:
            cells: list[Cell] = [None] * len(numbers)
            for place, verdict in examined:
                cells[place] = _luck_cell(verdict, name)
            columns[name] = cells
        return Block(columns)


def fold_table(study: ReportStudy) -> Table:
    """Return the walk-forward, oldest step first."""
    folds = study.folds
    return Table.of(
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
    return Table.of(
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


def moment(time_ms: int) -> str:
    """Return a time as ISO-8601 UTC."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _metrics(study: ReportStudy, window: str, names: Sequence[str]) -> dict[str, Column]:
    found: dict[str, Column] = {}
    for name in names:
        metric = METRIC_COLUMNS[name]
        values = study.metric(window, metric) if metric else np.full(len(study.number), np.nan)
        # counts are written without a point
        found[name] = _whole(values) if name in _WHOLE else values
    return found


def _whole(values: FloatArray) -> list[Cell]:
    return [int(value) if math.isfinite(value) else None for value in values.tolist()]


def _luck_cell(luck: ReportLuck, name: str) -> Cell:
    if name == "explained":
        return str(luck.explained).lower()
    value: Cell = getattr(luck.figures, name)
    return value
