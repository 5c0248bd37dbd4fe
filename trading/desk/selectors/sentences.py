"""Say in one sentence, with its figures, what a bot did with a bar and why.

Every refusal reads as "Skipped: what was observed, what was needed" (design/ui.md, "Behaviour").
The figures come from the first gate that failed, as the journal recorded it; a test holds that
every outcome has its sentence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal
from typing import Final

from trading.base.domain.money import exact
from trading.base.domain.reasons import GATE_TEXT, OUTCOME_TEXT, Gate, Outcome, Verdict
from trading.base.selectors.figures import amount_text, duration_text, percent_text, plain_text
from trading.desk.domain.decision.journal import GateReading
from trading.desk.selectors.feeds import FeedView

_PAIRS_NAMED: Final = 3

# {observed} and {limit} are already written with their unit
SENTENCES: Final[dict[Outcome, str]] = {
    Outcome.WARMING_UP: "Warming up: {observed} seen, {limit} needed.",
    Outcome.NO_TRIGGER: "No trigger on this bar.",
    Outcome.HOLDING: "Holding the position: no exit signal on this bar.",
    Outcome.ORDER_WORKING: "Waiting: an order of this bot is still working.",
    Outcome.ENTRY_ORDERED: "Entry ordered: every gate passed.",
    Outcome.EXIT_ORDERED: "Exit ordered: the position is being closed.",
    Outcome.STOP_FILLED: "Stopped out: the protective stop was reached on this bar.",
    Outcome.BAR_QUARANTINED: "Skipped: the bar is quarantined as an outlier.",
    Outcome.GAP_COOLDOWN: "Skipped: {observed} since the last gap, {limit} needed.",
    Outcome.SELL_WITHOUT_POSITION: "Skipped: sell signal without a position to sell.",
    Outcome.BELOW_SCORE: "Skipped: strength × confidence is {observed}, below {limit}.",
    Outcome.BELOW_CONVICTION: "Skipped: conviction is {observed}, below {limit}.",
    Outcome.FORECAST_UNAVAILABLE: "Skipped: there is no forecast for this bar yet.",
    Outcome.FORECAST_EXPIRED: "Skipped: the newest forecast of this pair has expired.",
    Outcome.FORECAST_DISAGREES: (
        "Skipped: the forecast gives this side a probability of {observed}, below {limit}."
    ),
    Outcome.EDGE_BELOW_COST: (
        "Skipped: the target is {observed} away, less than the {limit} the costs ask for."
    ),
    Outcome.GAS_TOO_LOW: "Skipped: native balance is {observed}, below {limit}.",
    Outcome.ROUTE_COOLDOWN: "Skipped: {observed} since the last exit, {limit} needed.",
    Outcome.NOT_SELECTED: "Skipped: {observed} in the queue for {limit} on the bus.",
    Outcome.DESK_PAUSED: "Skipped: the desk is paused; entries wait until it is resumed.",
    Outcome.DESK_REDUCING: "Skipped: the desk only reduces positions.",
    Outcome.DESK_HALTED: "Skipped: the desk is halted by the kill switch.",
    Outcome.MAX_POSITIONS: "Skipped: {observed} are open, the limit is {limit}.",
    Outcome.EXPOSURE_LIMIT: "Skipped: exposure would reach {observed}, above {limit}.",
    Outcome.DAILY_LOSS_LIMIT: "Skipped: the loss today is {observed}, the limit is {limit}.",
    Outcome.DRAWDOWN_LIMIT: "Skipped: the drawdown is {observed}, the limit is {limit}.",
    Outcome.LOSS_STREAK_COOLDOWN: "Skipped: {observed} since the losing streak, {limit} needed.",
    Outcome.BELOW_MIN_NOTIONAL: "Skipped: the order would be {observed}, below {limit}.",
    Outcome.INSUFFICIENT_CASH: "Skipped: free cash is {observed}, {limit} needed.",
    Outcome.EQUAL_PROPOSALS: (
        "Skipped: equal proposals do not all fit ({observed}, limit {limit}), "
        "and nothing tells them apart."
    ),
    Outcome.CLOCK_SKEWED: "Skipped: the host's clock is {observed} off the venue's, limit {limit}.",
    Outcome.STALE_DATA: "Skipped: the bar was {observed} old when decided, the limit is {limit}.",
}

# where the gate that failed says it better than the outcome
_OF_GATE: Final = {
    Gate.STARTED: "Warming up: the bar is from before the start and only teaches the strategy.",
}
_NOUNS: Final = {
    Gate.SEAT: ("place", "seat"),
    Gate.POSITIONS: ("position", "position"),
}
_BARS: Final = frozenset({Gate.WARM, Gate.GAP, Gate.COOLDOWN, Gate.LOSS_STREAK})
_PERCENT: Final = frozenset({Gate.EXPOSURE, Gate.DAILY_LOSS, Gate.DRAWDOWN})
_MONEY: Final = frozenset({Gate.MIN_NOTIONAL, Gate.CASH})
_STATES: Final = ("active", "paused", "reducing", "halted")


def _counted(value: float, noun: str) -> str:
    text = plain_text(value, 0)
    return f"{text} {noun}" if value == 1 else f"{text} {noun}s"


def _ordinary(value: float, gate: Gate, quote: str, base: str) -> str:
    if gate in _BARS:
        return _counted(value, "bar")
    if gate in _PERCENT:
        return percent_text(value, signed=False)
    if gate in _MONEY:
        return amount_text(value, quote)
    if gate is Gate.POSITION:
        return f"{plain_text(value, 8)} {base}".strip()
    unit = {Gate.EDGE: "bps", Gate.FRESHNESS: "s", Gate.CLOCK: "s"}.get(gate, "")
    if unit:
        return f"{plain_text(value, 1)} {unit}"
    return plain_text(value, 3)


def observed_text(gate: Gate, value: float, pair: str) -> str:
    """Return an observed value or limit with its unit; a missing one reads ``not known``."""
    if math.isnan(value):  # the gate failed because nothing could be observed
        return "not known"
    if gate is Gate.TRADING_STATE and 0 <= value < len(_STATES):
        return _STATES[int(value)]
    base, _, quote = pair.partition("/")
    return _ordinary(value, gate, quote, base)


def gate_limit_text(gate: Gate, value: float, pair: str) -> str:
    """Return the limit with its unit; seats and positions count different things on both sides."""
    if gate in _NOUNS and not math.isnan(value):
        return _counted(value, _NOUNS[gate][1])
    return observed_text(gate, value, pair)


def gate_title(gate: Gate) -> str:
    """Return what the gate looks at, such as ``conviction``."""
    return GATE_TEXT[gate][0]


def _seat_text(gate: Gate, value: float, pair: str) -> str:
    if gate is Gate.SEAT and not math.isnan(value):
        return f"place {plain_text(value, 0)}"
    if gate in _NOUNS and not math.isnan(value):
        return _counted(value, _NOUNS[gate][0])
    return observed_text(gate, value, pair)


def decision_sentence(outcome: Outcome, gates: Iterable[GateReading], pair: str) -> str:
    """Return what was decided and why, with the figures of the first gate that failed."""
    failed = next((g for g in gates if g.verdict is Verdict.FAIL), None)
    template = (
        SENTENCES[outcome] if failed is None else _OF_GATE.get(failed.gate, SENTENCES[outcome])
    )
    if "{" not in template:
        return template
    if failed is None:  # a record of an older version without the gate
        return f"Skipped: {OUTCOME_TEXT[outcome]}."
    if math.isnan(failed.observed):
        return f"Skipped: {gate_title(failed.gate)} is not known, and no entry is made without it."
    return template.format(
        observed=_seat_text(failed.gate, failed.observed, pair),
        limit=gate_limit_text(failed.gate, failed.limit, pair),
    )


SKIP_TITLES: Final[dict[str, str]] = {
    "not_profitable": "no profit to save from",
    "not_healthy": "the desk is not in equilibrium",
    "checkpoint_below_fee_buffer": "slice below the fee guard",
    "below_dust": "slice below dust",
    "token_unavailable": "savings token not available",
}


def skip_title(reason: str) -> str:
    """Return a skip reason in words; an unknown code is shown as it is."""
    return SKIP_TITLES.get(reason, reason.replace("_", " "))


def passing_profit(required_min: Decimal, ratio: Decimal, unit: Decimal) -> Decimal | None:
    """Return the least profit whose slice reaches the guard, in whole units; None at ratio 0.

    ``unit`` is the smallest amount the profit's currency is paid in.
    """
    if ratio <= 0:
        return None
    with exact():
        return (required_min / ratio / unit).to_integral_value(ROUND_CEILING) * unit


def stale_sentence(feed: FeedView) -> str:
    """Return why bars of a feed are too old, without the full stop."""
    if feed.limit_s is None:
        age = "never came" if feed.age_s is None else f"is {duration_text(feed.age_s)} old"
        return f"{feed.name}: the last bar {age}, budget {duration_text(feed.budget_s)}"
    worst = max(feed.blocked, key=lambda pair: math.inf if pair.age_s is None else pair.age_s)
    names = ", ".join(pair.pair for pair in feed.blocked[:_PAIRS_NAMED])
    more = len(feed.blocked) - _PAIRS_NAMED
    names += f" and {more} more" if more > 0 else ""
    if worst.age_s is None:
        return f"{feed.name}: no entries on {names}, no bar of {worst.pair} came yet"
    return (
        f"{feed.name}: no entries on {names}, the last bar of {worst.pair} closed "
        f"{duration_text(worst.age_s)} ago and the next is {duration_text(worst.overdue_s)} "
        f"overdue, limit {duration_text(feed.limit_s)}"
    )


def skew_sentence(feed: FeedView) -> str:
    """Return how far the host's clock is from the venue's, without the full stop."""
    venue = feed.venue_view
    assert venue is not None and venue.skew_s is not None  # noqa: S101, PT018 - asked of skewed ones
    where = "ahead of" if venue.skew_s > 0 else "behind"
    return (
        f"The host's clock is {abs(venue.skew_s):.1f} s {where} that of {feed.venue}, "
        f"limit {venue.skew_limit_s:g} s: no entries"
    )
