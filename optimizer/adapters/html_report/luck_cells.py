"""The columns on luck: the verdict beside the return, the evidence at the end of a row.

A trial is examined on the window that ranks. In a table of another window every such column names
it, so that nobody takes its figures for those of the window shown.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from optimizer.adapters.html_report import cells
from optimizer.adapters.html_report.cells import Cell
from optimizer.domain.luck.figures import LuckFigures
from optimizer.domain.luck.standing import StandingVerdict, VerdictCounts
from optimizer.domain.reporting import ReportSearch, ReportStudy

HOLDOUT: Final = "Holdout"  # the only one of no window

# header, what it means before the window is named, whether it is a number
_VERDICT: Final = (
    ("Luck", "what scrutiny says of the result on", False),
    (HOLDOUT, "return on candles the search never saw, positions bought anew", True),
    ("By luck", "chance that the best of all trials, none with skill, looks as good on", True),
    ("Deflated Sharpe", "probability of real skill, all trials counted, on", True),
)
_EVIDENCE: Final = (
    ("Interval, 90 %", "interval of the return, drawn again in blocks, on", True),
    ("Neighbours", "lower quartile of the return, parameters moved by up to 5 %, on", True),
    ("In parts", "lower quartile of the steering score over eight parts of", True),
    ("Held, net", "buying and holding, after costs, on", True),
    ("Random timing", "share of random timings, as many trades for as long, it beats on", True),
)


def verdict_columns(window: str, examined: str) -> tuple[tuple[str, str, bool], ...]:
    """Return header, meaning and whether it is a number of every column of the verdict.

    Args:
        window: the table's.
        examined: the window trials were examined on.
    """
    return _columns(_VERDICT, window, examined)


def evidence_columns(window: str, examined: str) -> tuple[tuple[str, str, bool], ...]:
    """Return the same of the columns of evidence."""
    return _columns(_EVIDENCE, window, examined)


def _columns(
    columns: tuple[tuple[str, str, bool], ...], window: str, examined: str
) -> tuple[tuple[str, str, bool], ...]:
    beside = "" if window == examined else f" ({examined})"
    return tuple(
        (label, text, is_number)
        if label == HOLDOUT
        else (f"{label}{beside}", f"{text} {examined}", is_number)
        for label, text, is_number in columns
    )


def verdict_cells(luck: StandingVerdict | None) -> tuple[Cell, ...]:
    """Return the cells of ``verdict_columns``; dashes for a trial that was not examined."""
    if luck is None:
        return _NO_VERDICT
    return (
        cells.verdict(luck.verdict, luck.reasons),
        _holdout(luck.figures),
        cells.number(luck.figures.luck_probability, 3),
        _deflated(luck),
    )


def _deflated(luck: StandingVerdict) -> Cell:
    cell = cells.number(luck.figures.deflated_sharpe, 3)
    if not luck.is_behind:
        return cell
    counted, made = cells.count(luck.n_charged).text, cells.count(luck.n_made).text
    return _with(cell, f"Only {counted} of the {made} trials made by now are counted.")


def evidence_cells(luck: StandingVerdict | None) -> tuple[Cell, ...]:
    """Return the cells of ``evidence_columns``; dashes likewise."""
    return _evidence(luck.figures) if luck else _NO_EVIDENCE


def _evidence(figures: LuckFigures) -> tuple[Cell, ...]:
    score = cells.number(figures.plateau_score)
    ratio = cells.number(figures.buy_hold_net_sharpe)
    median = cells.percent(figures.random_entry_median_pct)
    return (
        _interval(figures),
        _with(cells.percent(figures.plateau_return_pct), f"Steering score {score.text}"),
        cells.number(figures.plateau_blocks_score, 2),
        _with(cells.percent(figures.buy_hold_net_return_pct), f"Sharpe ratio {ratio.text}"),
        _with(cells.number(figures.random_entry_percentile, 2), f"Their median {median.text}"),
    )


def _with(cell: Cell, more: str) -> Cell:
    return replace(cell, more=more) if cell.key else cell


def _holdout(figures: LuckFigures) -> Cell:
    hold = cells.percent(figures.holdout_hold_pct)
    trades = cells.count(figures.holdout_trades)
    more = f"Buying and holding {hold.text}\nRound trips {trades.text}"
    return _with(cells.percent(figures.holdout_return_pct), more)


def _interval(figures: LuckFigures) -> Cell:
    low = cells.percent(figures.bootstrap_return_low_pct)
    if not low.key:
        return low
    high = cells.percent(figures.bootstrap_return_high_pct)
    ratios = [
        cells.number(value, signed=True).text
        for value in (figures.bootstrap_sharpe_low, figures.bootstrap_sharpe_high)
    ]
    more = f"Sharpe ratio {ratios[0]} to {ratios[1]}"
    return Cell(f"{low.text} to {high.text}", low.key, low.tone, more, is_number=True)


def search_note(study: ReportStudy) -> str:
    """Return what scrutiny says of the search as a whole."""
    search = study.search
    if not study.luck:
        return "No trial was scrutinised yet; what is best here may be luck."
    counts = VerdictCounts.of(luck.verdict for luck in study.luck.values())
    parts = [f"Of {counts.total} examined trials {counts.text}."]
    if search.pbo is not None:
        parts.append(
            f"Probability that this search overfits: {search.pbo:.2f}. Above one half, the best "
            "trial is more likely than not below the median on candles it was not chosen on."
        )
    if search.sharpe_hurdle is not None and search.n_searched is not None:
        parts.append(
            f"The best of {cells.count(search.n_searched).text} trials without skill would show a "
            f"yearly Sharpe ratio of {search.sharpe_hurdle:.2f} here beyond its share of the "
            f"market{_since(search)}."
        )
    if search.holdout_look is not None and search.holdout_look > 1:
        parts.append(
            f"This is search {search.holdout_look} of these candles that was tried on the holdout: "
            "each one makes it less untouched."
        )
    return " ".join(parts)


def _since(search: ReportSearch) -> str:
    judged, hurdle = search.n_judged, search.hurdle_judged
    if judged is None or hurdle is None or judged == search.n_searched:
        return ""
    return f"; when it was examined, at {cells.count(judged).text} trials, {hurdle:.2f}"


# the same for the many trials that were not examined
_NO_VERDICT: Final = (
    cells.verdict(None),
    cells.percent(None),
    cells.number(None),
    cells.number(None),
)
_NO_EVIDENCE: Final = _evidence(LuckFigures())
