"""Lay a study out as rows: one table per window, per objective, over all, and the walk-forward.

Rows are sorted by return. What is missing or has no bound is an empty cell. The column names are
those of the original's files, so that its readers keep working; the columns it filled for grid
strategies only stay empty, and the columns on luck are new. A trial is examined on the window that
ranks, so that its verdict is the same in every table: ``luck_window`` names that window.

Source: reference specification of the optimizer, section 8. ``best_objective`` differs on purpose:
the original compared raw scores of unlike scales; here it is the objective in which the trial
ranks highest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from itertools import compress
from typing import Final

import numpy as np

from optimizer.domain.luck.figures import FIGURE_NAMES
from optimizer.domain.luck.standing import StandingVerdict
from optimizer.domain.reporting import ReportCurve, ReportStudy
from optimizer.services.reports.rows import Block, Cell, Column, Part, SparseBlock, Table, Written
from trading.market.domain.bars import FloatArray, IntArray

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
LUCK_COLUMNS: Final = (
    *("luck_window", "verdict", "reason_codes", "charged_for_trials", "judged_at_trials"),
    *FIGURE_NAMES,
)
_WHOLE: Final = {"total_trades"}


class StudyTables:
    """The tables of one study; what several of them show is laid out once."""

    def __init__(self, study: ReportStudy) -> None:
        """Take the results; nothing is laid out yet."""
        self.study = study

    def window(self, window: str, limit: int | None = None) -> Table:
        """Return the trials evaluated on ``window``, highest return first, all or the first few."""
        order = self.study.ranked(window)[:limit]
        metrics = Block(_metrics(self.study, window, tuple(METRIC_COLUMNS), order))
        rows = order.tolist()
        best, luck = Part(self._best, rows), Part(self._luck, rows)
        return Table((Part(self._identity, rows), best, Part(metrics), luck))

    def objective(self, objective: int) -> Written:
        """Return every trial with a score under one objective, highest return first."""
        scores = self.study.scores[self._order, objective]
        is_scored = np.isfinite(scores)
        score = Block({"score": scores[is_scored]}).lines
        before, after = self._around_score
        rows = is_scored.tolist()
        strips = ([*compress(before, rows)], score, [*compress(after, rows)])
        names = (*self._identity.columns, "score", *OBJECTIVE_COLUMNS, *LUCK_COLUMNS)
        return Written(names, strips)

    def overall(self, known: Mapping[str, Sequence[bytes]] | None = None) -> Written:
        """Return the tables of all windows in one, the window first, highest return first.

        Args:
            known: the lines of the tables of all windows, where they are written already.
        """
        study, windows = self.study, self.study.facts.windows
        made = known or {window: self.window(window).lines() for window in windows}
        gain = [
            study.metric(window, "total_return_pct")[study.ranked(window)] for window in windows
        ]
        order = np.argsort(-np.concatenate(gain), kind="stable").tolist()
        name = [cell for window in windows for cell in [window.encode() + b","] * len(made[window])]
        line = [line for window in windows for line in made[window]]
        strips = ([name[row] for row in order], [line[row] for row in order])
        return Written(("window", *self.window(windows[0], 0).names), strips)

    @cached_property
    def _order(self) -> IntArray:
        return self.study.ranked(self.study.ranking_window)

    @cached_property
    def _around_score(self) -> tuple[list[bytes], list[bytes]]:
        """Return what stands before and after the score in the tables of all objectives."""
        rows = self._order.tolist()
        metrics = _metrics(self.study, self.study.ranking_window, OBJECTIVE_COLUMNS, self._order)
        scored = Table((Part(Block(metrics)), Part(self._luck, rows)))
        lines = self._identity.lines
        return [lines[row] + b"," for row in rows], [b"," + line for line in scored.lines()]

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
    def _luck(self) -> Block:
        numbers, luck = self.study.number.tolist(), self.study.luck
        places = [place for place, number in enumerate(numbers) if number in luck]
        verdicts = [luck[numbers[place]] for place in places]
        window = self.study.ranking_window
        cells = [_luck_cells(verdict, window) for verdict in verdicts]
        columns = {name: [row[name] for row in cells] for name in LUCK_COLUMNS}
        return SparseBlock(columns, places, len(numbers))


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


def best_objectives(study: ReportStudy) -> tuple[list[str], FloatArray]:
    """Return per trial the objective in which it ranks highest, and its score there or NaN."""
    scores = np.where(np.isfinite(study.scores), study.scores, -np.inf)
    every = np.arange(scores.shape[0])
    rank = np.empty(scores.shape, dtype=np.int64)
    for place, column in enumerate(-scores.T):
        rank[np.argsort(column, kind="stable"), place] = every
    place = np.argmin(rank, axis=1)
    best = study.scores[every, place]
    chosen = zip(place.tolist(), np.isfinite(best).tolist(), strict=True)
    return [study.facts.objectives[k] if is_there else "" for k, is_there in chosen], best


def moment(time_ms: int) -> str:
    """Return a time as ISO-8601 UTC."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _metrics(
    study: ReportStudy, window: str, names: Sequence[str], order: IntArray
) -> dict[str, Column]:
    found: dict[str, Column] = {}
    for name in names:
        metric = METRIC_COLUMNS[name]
        if not metric:
            found[name] = [None] * len(order)
            continue
        values = study.metric(window, metric)[order]
        # counts are written without a point
        found[name] = _whole(values) if name in _WHOLE else values
    return found


def _whole(values: FloatArray) -> Column:
    if np.isfinite(values).all():
        return values.astype(np.int64)
    return [int(value) if math.isfinite(value) else None for value in values.tolist()]


def _luck_cells(verdict: StandingVerdict, window: str) -> dict[str, Cell]:
    return {
        "luck_window": window,
        "verdict": verdict.verdict.value,
        "reason_codes": ";".join(verdict.codes),
        "charged_for_trials": verdict.n_charged,
        "judged_at_trials": verdict.n_judged,
        **{name: getattr(verdict.figures, name) for name in FIGURE_NAMES},
    }
