"""The tables of the page: what holds up, the best by window and by objective, the walk-forward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from django.utils.safestring import mark_safe

from optimizer.adapters.html_report import cells
from optimizer.adapters.html_report.cells import Cell
from optimizer.adapters.html_report.luck_cells import (
    evidence_cells,
    evidence_columns,
    search_note,
    verdict_cells,
    verdict_columns,
)
from optimizer.adapters.html_report.markup import rows_html
from optimizer.adapters.html_report.notes import window_note
from optimizer.domain.metrics import FillModel
from optimizer.domain.reporting import ReportFold, ReportStudy
from optimizer.domain.study.stretches import Stretch

ROWS_MAX: Final = 100
OBJECTIVE_ROWS_MAX: Final = 10
FILTER_FROM: Final = 12
_SCORE: Final = (
    "0.6 median and 0.4 lower quartile of the returns over buying and holding, less five times the "
    "mean loss of the worst tenth and a tenth of the costs, percentage points."
)

# header, what it means, whether it is a number
_FIRST: Final = (
    ("Trial", "its number in the study", True),
    ("Strategy", "", False),
    ("Return", "after all swap costs", True),
)
_MIDDLE: Final = (
    ("Buy and hold", "over the same window, without costs", True),
    ("Drawdown", "deepest fall of the equity", True),
    ("CAGR", "yearly growth", True),
    ("Sharpe", "yearly, no riskless rate", True),
    ("Trades", "closed round trips", True),
    ("Won", "share of trades above zero", True),
    ("Profit factor", "gains over losses; a dash where nothing was lost", True),
)
_COSTS: Final = {  # of another base each, as the reference has it, section 2C
    FillModel.NEXT_OPEN: ("Costs", "share of the traded notional", True),
    FillModel.NEXT_CLOSE: ("Costs", "share of the trade size; many swaps can exceed 100 %", True),
}
_LAST: Final = (("Parameters", "", False),)
_METRICS: Final = (
    "total_return_pct",
    "buy_hold_return_pct",
    "max_drawdown_pct",
    "cagr_pct",
    "sharpe",
    "num_trades",
    "win_rate_pct",
    "profit_factor",
    "total_cost_pct",
)


@dataclass(frozen=True, slots=True)
class Header:
    """A column; ``order`` is the order the table comes in, as ARIA names it."""

    label: str
    help: str
    is_number: bool
    order: str = "none"


@dataclass(frozen=True, slots=True)
class HtmlTable:
    """A sortable table; ``note`` stands above it."""

    name: str
    title: str
    headers: tuple[Header, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    @property
    def is_long(self) -> bool:
        """Return whether filtering saves looking."""
        return len(self.rows) > FILTER_FROM

    @property
    def rows_html(self) -> str:
        """Return the rows as HTML."""
        return mark_safe(rows_html(self.rows))  # noqa: S308 (escaped cell by cell)


def verdict_table(study: ReportStudy) -> HtmlTable:
    """Return the best trial of every objective with what scrutiny made of it."""
    window, rows = study.ranking_window, []
    for objective, name in enumerate(study.facts.objectives):
        place = study.best(objective)
        if place is not None:
            score = cells.number(float(study.scores[place, objective]), 4)
            rows.append((cells.words(name), score, *_row(study, window, place)))
    headers = (Header("Objective", "", False), Header("Score", "higher is better", True))
    return HtmlTable(
        "best",
        "Best by objective",
        (*headers, *_headers(study, window)),
        tuple(rows),
        search_note(study),
    )


def window_tables(study: ReportStudy) -> list[HtmlTable]:
    """Return the trials with the highest return of every window."""
    tables = []
    for window in study.facts.windows:
        shown = study.ranked(window)[:ROWS_MAX].tolist()
        rows = tuple(_row(study, window, place) for place in shown)
        note = window_note(study, window, len(shown))
        headers = _headers(study, window, by_return=True)
        tables.append(HtmlTable(f"window-{window}", window, headers, rows, note))
    return tables


def objective_tables(study: ReportStudy) -> list[HtmlTable]:
    """Return the trials with the highest scores of every objective, highest return first."""
    tables, window = [], study.ranking_window
    for objective, name in enumerate(study.facts.objectives):
        scores = study.scores[:, objective]
        top = np.array(study.top(objective, OBJECTIVE_ROWS_MAX), dtype=np.int64)
        rows = tuple(
            (cells.number(float(scores[place]), 4), *_row(study, window, place))
            for place in study.ranked(window, top).tolist()
        )
        headers = (
            Header("Score", "higher is better", True),
            *_headers(study, window, by_return=True),
        )
        note = f"The {len(rows)} highest scores on {window}, sorted by return."
        tables.append(HtmlTable(f"objective-{name}", name, headers, rows, note))
    return tables


def fold_table(folds: Sequence[ReportFold], score: float | None = None) -> HtmlTable:
    """Return the walk-forward step by step, its score above."""
    headers = (
        Header("Step", "", True, "ascending"),
        Header("Strategy", "", False),
        Header("Trial", "", True),
        Header("Chosen on", "", False),
        Header("Tested on", "", False),
        Header("Return where chosen", "", True),
        Header("Return where tested", "", True),
        Header("Buy and hold", "over the test", True),
    )
    rows = tuple(
        (
            cells.count(step),
            cells.words(fold.strategy),
            cells.identity(fold.number),
            cells.words(Stretch("", fold.train_from, fold.train_to).days),
            cells.words(Stretch("", fold.test_from, fold.test_to).days),
            cells.percent(fold.train_return_pct),
            cells.percent(fold.test_return_pct),
            cells.percent(fold.test_hold_pct),
        )
        for step, fold in enumerate(folds, 1)
    )
    note = "" if score is None else f"Score {cells.number(score, 1).text}: {_SCORE}"
    return HtmlTable("walk-forward", "Steps", headers, rows, note)


def _headers(study: ReportStudy, window: str, *, by_return: bool = False) -> tuple[Header, ...]:
    examined = study.ranking_window
    columns = (
        *_FIRST,
        *verdict_columns(window, examined),
        *_MIDDLE,
        _COSTS[FillModel(study.facts.fill)],
        *evidence_columns(window, examined),
        *_LAST,
    )
    return tuple(
        Header(label, text, is_number, "descending" if by_return and label == "Return" else "none")
        for label, text, is_number in columns
    )


def _row(study: ReportStudy, window: str, place: int) -> tuple[Cell, ...]:
    values = {name: float(study.metric(window, name)[place]) for name in _METRICS}
    trial = int(study.number[place])
    luck = study.luck.get(trial)
    return (
        cells.identity(trial),
        cells.words(study.strategy[place]),
        cells.percent(values["total_return_pct"]),
        *verdict_cells(luck),
        cells.percent(values["buy_hold_return_pct"]),
        cells.percent(values["max_drawdown_pct"], signed=False),
        cells.percent(values["cagr_pct"]),
        cells.number(values["sharpe"]),
        cells.count(values["num_trades"]),
        cells.percent(values["win_rate_pct"], signed=False),
        cells.number(values["profit_factor"]),
        cells.percent(values["total_cost_pct"], signed=False),
        *evidence_cells(luck),
        cells.parameters(study.params[place]),
    )
