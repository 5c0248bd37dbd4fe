"""Write what scrutiny measured of one trial as terms and descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dashboard.payloads.facts import Fact
from optimizer.selectors.trials import LuckView
from trading.selectors.figures import GROUP, count_text, percent_text, plain_text

# name, what it is called, how it is written
_SHOWN: Final = (
    ("deflated_sharpe", "Deflated Sharpe", "probability"),
    ("pbo", "Overfitting of the search", "probability"),
    ("holdout_return_pct", "Return on the holdout", "percent"),
    ("holdout_hold_pct", "Buy and hold there", "percent"),
    ("holdout_trades", "Trades there", "count"),
    ("plateau_return_pct", "Plateau of the return", "percent"),
    ("plateau_score", "Plateau of the score", "number"),
    ("plateau_blocks_score", "Plateau over time", "number"),
    ("random_entry_percentile", "Beats random timing", "share"),
    ("random_entry_median_pct", "Median random timing", "percent"),
    ("buy_hold_net_return_pct", "Buy and hold after costs", "percent"),
)
_INTERVALS: Final = (
    ("bootstrap_return", "_pct", "Return, 90 % interval", "percent"),
    ("bootstrap_sharpe", "", "Sharpe, 90 % interval", "number"),
)


def luck_facts(luck: LuckView | None) -> list[Fact]:
    """Return every figure that was measured, with the number of trials that were charged for."""
    if luck is None:
        return []
    found = [
        Fact(label, _text(luck.figures[name], kind))
        for name, label, kind in _SHOWN
        if luck.figures.get(name) is not None
    ]
    for stem, unit, label, kind in _INTERVALS:
        ends = _interval(luck.figures, stem, unit, kind)
        if ends:
            found.append(Fact(label, ends))
    return [
        *found,
        Fact("Charged for", f"{count_text(luck.ledger_trials)} trials on these candles"),
    ]


def _interval(figures: Mapping[str, Any], stem: str, unit: str, kind: str) -> str:
    low, high = figures.get(f"{stem}_low{unit}"), figures.get(f"{stem}_high{unit}")
    if low is None or high is None:
        return ""
    return f"{_text(low, kind)} to {_text(high, kind)}"


def _text(value: float, kind: str) -> str:
    if kind == "percent":
        return percent_text(value)
    if kind == "share":
        return plain_text(100 * value, 1) + f"{GROUP}%"
    if kind == "count":
        return count_text(int(value))
    return plain_text(value, 3)
