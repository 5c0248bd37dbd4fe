"""The tables of the page: what holds up, the best by window and by objective, the walk-forward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from optimizer.adapters.html_report import cells
from optimizer.adapters.html_report.cells import Cell
from optimizer.domain.reporting import ReportFacts, ReportFold, ReportLuck, ReportStudy

ROWS_MAX: Final = 100
OBJECTIVE_ROWS_MAX: Final = 10
FILTER_FROM: Final = 12
DIGEST_SHOWN: Final = 12

# header, what it means, whether it is a number
_COLUMNS: Final = (
    ("Trial", "its number in the study", True),
    ("Strategy", "", False),
    ("Return", "after all swap costs", True),
    ("Luck", "what scrutiny says", False),
    ("Holdout", "return on candles the search never saw", True),
    ("Deflated Sharpe", "probability of real skill, all trials counted", True),
    ("Buy and hold", "over the same window, without costs", True),
    ("Drawdown", "deepest fall of the equity", True),
    ("CAGR", "yearly growth", True),
    ("Sharpe", "yearly, no riskless rate", True),
    ("Trades", "closed round trips", True),
    ("Won", "share of trades above zero", True),
    ("Profit factor", "gains over losses; a dash where nothing was lost", True),
    ("Costs", "share of the traded notional", True),
    ("Parameters", "", False),
)
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


def facts_list(facts: ReportFacts) -> list[tuple[str, str]]:
    """Return what was searched, as terms and descriptions."""
    done = cells.count(facts.n_wanted).text
    size = cells.number(facts.trade_size, 2).text
    return [
        ("Candles", f"{facts.market}, {facts.first_bar[:10]} to {facts.last_bar[:10]}"),
        ("Strategies", ", ".join(facts.strategies)),
        ("Objectives", ", ".join(facts.objectives) + " (the first steers)"),
        ("Windows", ", ".join(facts.windows) + " (scores come from the last)"),
        ("Search", f"{facts.sampler}, seed {facts.seed}, {done} trials wanted"),
        ("Trade size", f"{size} {facts.quote}, filled at {facts.fill.replace('_', ' ')}"),
        ("Searched on this data", f"{cells.count(facts.n_searched).text} trials, ever"),
        ("Data digest", facts.data_digest[:DIGEST_SHOWN]),
        ("Cost digest", facts.cost_digest[:DIGEST_SHOWN]),
        ("Code", facts.git_commit[:DIGEST_SHOWN] or "not recorded"),
    ]


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
        "best", "Best by objective", (*headers, *_headers()), tuple(rows), _luck_note(study)
    )


def window_tables(study: ReportStudy) -> list[HtmlTable]:
    """Return the trials with the highest return of every window."""
    tables = []
    for window in study.facts.windows:
        order = study.ranked(window)
        shown = order[:ROWS_MAX]
        rows = tuple(_row(study, window, place) for place in shown.tolist())
        note = f"{len(shown)} of {cells.count(len(order)).text} trials evaluated on this window"
        tables.append(
            HtmlTable(f"window-{window}", window, _headers(by_return=True), rows, note + ".")
        )
    return tables


def objective_tables(study: ReportStudy) -> list[HtmlTable]:
    """Return the trials with the highest scores of every objective, highest return first."""
    tables, window = [], study.ranking_window
    for objective, name in enumerate(study.facts.objectives):
        scores = study.scores[:, objective]
        top = np.argsort(-np.where(np.isfinite(scores), scores, -np.inf), kind="stable")
        top = top[np.isfinite(scores[top])][:OBJECTIVE_ROWS_MAX]
        rows = tuple(
            (cells.number(float(scores[place]), 4), *_row(study, window, place))
            for place in study.ranked(window, top).tolist()
        )
        headers = (Header("Score", "higher is better", True), *_headers(by_return=True))
        note = f"The {len(rows)} highest scores on {window}, sorted by return."
        tables.append(HtmlTable(f"objective-{name}", name, headers, rows, note))
    return tables


def fold_table(folds: Sequence[ReportFold]) -> HtmlTable:
    """Return the walk-forward step by step."""
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
            cells.count(fold.number),
            cells.words(f"{day(fold.train_from)} to {day(fold.train_to)}"),
            cells.words(f"{day(fold.test_from)} to {day(fold.test_to)}"),
            cells.percent(fold.train_return_pct),
            cells.percent(fold.test_return_pct),
            cells.percent(fold.test_hold_pct),
        )
        for step, fold in enumerate(folds, 1)
    )
    return HtmlTable("walk-forward", "Steps", headers, rows)


def day(time_ms: int) -> str:
    """Return the UTC day of a time."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d")


def _headers(*, by_return: bool = False) -> tuple[Header, ...]:
    return tuple(
        Header(label, text, is_number, "descending" if by_return and label == "Return" else "none")
        for label, text, is_number in _COLUMNS
    )


def _row(study: ReportStudy, window: str, place: int) -> tuple[Cell, ...]:
    values = {name: float(study.metric(window, name)[place]) for name in _METRICS}
    trial = int(study.number[place])
    luck = study.luck.get(trial)
    return (
        cells.count(trial),
        cells.words(study.strategy[place]),
        cells.percent(values["total_return_pct"]),
        *_luck_cells(luck),
        cells.percent(values["buy_hold_return_pct"]),
        cells.percent(values["max_drawdown_pct"], signed=False),
        cells.percent(values["cagr_pct"]),
        cells.number(values["sharpe"]),
        cells.count(values["num_trades"]),
        cells.percent(values["win_rate_pct"], signed=False),
        cells.number(values["profit_factor"]),
        cells.percent(values["total_cost_pct"], signed=False),
        cells.parameters(study.params[place]),
    )


def _luck_cells(luck: ReportLuck | None) -> tuple[Cell, ...]:
    if luck is None:
        return (cells.verdict(None), cells.percent(None), cells.number(None))
    return (
        cells.verdict(luck.explained, luck.reasons),
        cells.percent(luck.holdout_return_pct),
        cells.number(luck.deflated_sharpe, 3),
    )


def _luck_note(study: ReportStudy) -> str:
    pbo = next((luck.pbo for luck in study.luck.values() if luck.pbo is not None), None)
    if pbo is None:
        return "No trial was scrutinised yet; what is best here may be luck."
    return (
        f"Probability that this search overfits: {pbo:.2f}. Above one half, the best trial is more "
        "likely than not below the median on candles it was not chosen on."
    )
