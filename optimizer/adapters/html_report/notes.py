"""The sentences of the page: which days it is about, what its pictures and columns mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from optimizer.adapters.html_report import cells
from optimizer.domain.reporting import ReportCurve, ReportFacts, ReportStudy
from optimizer.domain.study.stretches import Stretches, left_out
from trading.base.selectors.figures import quantity_text

DIGEST_SHOWN: Final = 12
WINDOWS_SHOWN: Final = 12
_FIRST_SHOWN: Final = 4  # where there are more; the last one, which ranks, is shown as well


def facts_list(facts: ReportFacts) -> list[tuple[str, str]]:
    """Return what was searched, as terms and descriptions."""
    done = cells.count(facts.n_wanted).text
    return [
        ("Candles", f"{facts.market}, {facts.first_bar[:10]} to {facts.last_bar[:10]}"),
        ("Strategies", ", ".join(facts.strategies)),
        ("Objectives", ", ".join(facts.objectives) + " (the first steers)"),
        ("Windows", f"{_windows(facts)}; scores come from the last"),
        ("Holdout", _holdout(facts)),
        ("Search", f"{facts.sampler}, seed {facts.seed}, {done} trials wanted"),
        ("Trade size", f"{_trade_size(facts)}, filled at {facts.fill.replace('_', ' ')}"),
        ("Searched on this data", f"{cells.count(facts.n_searched).text} trials, ever"),
        ("Data digest", facts.data_digest[:DIGEST_SHOWN]),
        ("Cost digest", facts.cost_digest[:DIGEST_SHOWN]),
        ("Code", facts.git_commit[:DIGEST_SHOWN] or "not recorded"),
    ]


def days_list(stretches: Stretches) -> list[tuple[str, str]]:
    """Return the days of every window and the holdout for the head, of many windows but a few."""
    lines, n = stretches.lines, len(stretches.windows)
    if n <= WINDOWS_SHOWN:
        return lines
    n_more = n - _FIRST_SHOWN - 1
    return [*lines[:_FIRST_SHOWN], ("and", f"{n_more} more windows"), *lines[n - 1 :]]


def window_note(study: ReportStudy, window: str, n_shown: int) -> str:
    """Return what a table of one window shows, and of which days."""
    stretch = study.facts.stretches.window(window)
    days = f"{stretch.days} (UTC), back from {_counted_from(study.facts)}. " if stretch else ""
    n_all = len(study.ranked(window))
    count = cells.count(n_all).text
    shown = f"The {n_shown} highest of {count}" if n_shown < n_all else f"All {count}"
    note = f"{days}{shown} trials evaluated on this window, highest return first."
    if window == study.ranking_window:
        return note
    return f"{note} What luck explains was examined on {study.ranking_window}."


def equity_note(facts: ReportFacts, curves: Sequence[ReportCurve]) -> str:
    """Return which runs are drawn, and why they disagree with the column on the holdout."""
    parts = [
        "The best run of each objective, then those with the highest return, drawn from the start "
        "of the last window. Choose runs in the legend.",
        _skipped(sum(curve.n_alike for curve in curves), "one drawn"),
    ]
    if any(curve.holdout_from is not None for curve in curves):
        parts.append(
            "The shaded stretch, the holdout, was kept from the search. A line goes on there with "
            "what was earned before: after gains its swaps are larger, stand on higher rungs of "
            "the costs and lose more of each trade. The column Holdout is another run: it "
            f"{_anew(facts)}. So line and column can differ widely, and even in sign."
        )
    return " ".join(part for part in parts if part)


def trades_note(curve: ReportCurve) -> str:
    """Return how many trades a run made, and how many runs made the same."""
    n = len(curve.trades)
    n_after = _after_search(curve)
    note = f"{n} round trip{'' if n == 1 else 's'}"
    if n_after:
        are = "is" if n_after == 1 else "are"
        note += (
            f", of which {n_after} {are} in the holdout: the picture goes on there, while the "
            "tables count trades up to it only"
        )
    note += "; filled triangles enter, hollow ones leave."
    if not curve.n_alike:
        return note
    return f"{note} {_skipped(curve.n_alike, 'this one')}"


def holdout_meaning(facts: ReportFacts) -> str:
    """Return what the column on the holdout says, with the embargo there was."""
    if facts.stretches.windows and not facts.stretches.holdout:
        return "No candles were kept from this search, so that this column is empty."
    return (
        "The return on the last candles, which the search never saw, "
        f"{left_out(facts.embargo_days)}. The run {_anew(facts)}. The lines under Equity "
        "go on with what was earned instead, so that their swaps are of another size and cost "
        "another share."
    )


def _after_search(curve: ReportCurve) -> int:
    """Return how many trades begin on candles the search never saw."""
    if curve.holdout_from is None:
        return 0
    first = curve.holdout_from
    return sum(int(curve.time[trade.entry_index]) >= first for trade in curve.trades)


def _anew(facts: ReportFacts) -> str:
    days = facts.embargo_days
    where = f"{days:g} day{'' if days == 1.0 else 's'} later" if days else "there"
    return (
        f"begins anew {where} with the trade size, {_trade_size(facts)}, and first buys what the "
        "trial holds at that moment"
    )


def _skipped(n: int, which: str) -> str:
    if not n:
        return ""
    runs, verb = ("1 run", "was") if n == 1 else (f"{cells.count(n).text} runs", "were")
    return f"{runs} of the same strategy with nearly the same trades as {which} {verb} skipped."


def _windows(facts: ReportFacts) -> str:
    found = facts.stretches.windows
    if not found:
        return ", ".join(facts.windows)
    days = ", ".join(f"{window.label} {window.days}" for window in found)
    return f"{days} (UTC), counted back from {_counted_from(facts)}"


def _holdout(facts: ReportFacts) -> str:
    holdout = facts.stretches.holdout
    if not holdout:
        return "none was kept"
    return f"{holdout.days} (UTC), {left_out(facts.embargo_days)}"


def _counted_from(facts: ReportFacts) -> str:
    return facts.stretches.counted_from


def _trade_size(facts: ReportFacts) -> str:
    return quantity_text(facts.trade_size, facts.quote)
