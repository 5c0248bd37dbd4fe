"""Seats in a step's transaction: what keeps something of what the core did, and when it is asked.

The core says what happened as typed effects. A recorder declares which types it keeps and gets
those of consecutive steps inside the transaction that also advances the session's cursor: either
all recorders have written and the step counts, or nothing of it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol


class StepRecord(NamedTuple):
    """What one step did, as far as a recorder asked for it; never empty.

    Attributes:
        seq: stream number of the step's last bar.
        open_time: of its bars, ms UTC. bar_time: their close time, ms UTC.
        effects: in the order in which they happened.
    """

    seq: int
    open_time: int
    bar_time: int
    effects: Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSession:
    """Whose steps a recorder gets; one of it lasts as long as one worker runs the session.

    Attributes:
        id: of the session's row.
        mode: whose money it moves.
        bot_ids: row ids by the bot's index.
        hook: called at named points inside the transaction (fault injection in tests).
        row_ids: rows that recorders made, for those behind them in the list and for later steps.
            A failed transaction ends the worker's run, so it never remembers a row that is not.
    """

    id: int
    mode: str
    bot_ids: Mapping[int, int]
    hook: Callable[[str], None]
    row_ids: dict[tuple[object, ...], int] = field(default_factory=dict)


class Recorder(Protocol):
    """Keeps something of every step.

    Attributes:
        name: stands in the error when it fails.
        takes: the types of effects it gets.
    """

    name: str
    takes: frozenset[type]

    def record(self, steps: Sequence[StepRecord], now: datetime) -> None:
        """Write what is to be kept of these steps, the oldest first.

        Called inside the transaction, and only when there is something for it. Whatever it raises
        undoes the steps.
        """


RecorderMaker = Callable[[RecordedSession], Recorder]
