"""Rows for tests, small and consistent with each other; every value can be overridden.

The records written here are real: decisions are packed by the journal's own code, so what a page
shows in a test is what it shows in the running desk.
"""

from tests.factories.desk import (
    NOW,
    PASSWORD,
    START_MS,
    bars,
    bot,
    control,
    equity,
    feed,
    operator,
    savings_input,
    session,
)
from tests.factories.journal import decision, decision_row, failed, passed
from tests.factories.studies import luck, luck_open, luck_survived, records, searcher, study, trials
from tests.factories.trades import checkpoint, fill, order, order_event, position, round_trip

__all__ = [
    "NOW",
    "PASSWORD",
    "START_MS",
    "bars",
    "bot",
    "checkpoint",
    "control",
    "decision",
    "decision_row",
    "equity",
    "failed",
    "feed",
    "fill",
    "luck",
    "luck_open",
    "luck_survived",
    "operator",
    "order",
    "order_event",
    "passed",
    "position",
    "records",
    "round_trip",
    "savings_input",
    "searcher",
    "session",
    "study",
    "trials",
]
