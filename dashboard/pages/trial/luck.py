"""Write what scrutiny measured of one trial as terms and descriptions."""

from __future__ import annotations

from typing import Final

from dashboard.optimizer.facts import Fact
from optimizer.domain.luck.figures import LuckFigures
from optimizer.domain.luck.standing import StandingVerdict
from trading.base.selectors.figures import GROUP, count_text, percent_text, plain_text

# name, what it is called, how it is written
_SHOWN: Final = (
    ("luck_probability", "As good by luck", "probability"),
    ("deflated_sharpe", "Deflated Sharpe", "probability"),
    ("timing_sharpe", "Sharpe of its timing", "number"),
    ("pbo", "Overfitting of the search", "probability"),
    ("holdout_return_pct", "Return on the holdout", "percent"),
    ("holdout_hold_pct", "Buy and hold there", "percent"),
    ("holdout_trades", "Trades there", "count"),
    ("holdout_luck_probability", "As good there by luck", "probability"),
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


def luck_facts(luck: StandingVerdict | None) -> list[Fact]:
    """Return every figure that was measured, with the number of trials that were charged for."""
    if luck is None:
        return []
    found = [
        Fact(label, _text(value, kind))
        for name, label, kind in _SHOWN
        if (value := getattr(luck.figures, name)) is not None
    ]
    for stem, unit, label, kind in _INTERVALS:
        ends = _interval(luck.figures, stem, unit, kind)
        if ends:
            found.append(Fact(label, ends))
    return [*found, Fact("Charged for", charge_text(luck))]


def charge_text(luck: StandingVerdict) -> str:
    """Return how many trials a verdict is charged for, and whether more were made."""
    judged, made = count_text(luck.n_judged), count_text(luck.n_made)
    if luck.is_behind:
        return f"{judged} trials on these candles, when it was examined; {made} were made by now"
    charged = f"{made} trials on these candles"
    return charged if luck.n_judged == luck.n_made else f"{charged}; examined at {judged}"


def verdict_text(luck: StandingVerdict | None) -> str:
    """Return the verdict in a few words, with the number of trials it is charged for."""
    if luck is None:
        return "not examined for luck"
    if not luck.is_behind:
        return f"{luck.verdict.words}, charged for {count_text(luck.n_charged)} trials"
    judged, made = count_text(luck.n_judged), count_text(luck.n_made)
    return f"{luck.verdict.words} when {judged} of the {made} trials on these candles were made"


def _interval(figures: LuckFigures, stem: str, unit: str, kind: str) -> str:
    low, high = getattr(figures, f"{stem}_low{unit}"), getattr(figures, f"{stem}_high{unit}")
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
