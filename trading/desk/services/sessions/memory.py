"""Bring a session's memory to a bar: from the newest snapshot that fits, else from all its bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from django.db.models import Q

from trading.base.domain.errors import InvariantError
from trading.base.domain.events import MEMORY_DROPPED, MEMORY_UNUSABLE
from trading.base.services.event_log import EventLog
from trading.desk.domain.decision.memory import bar_as_taken, remember
from trading.desk.domain.decision.state import DeskState
from trading.desk.models import DeskSession, SessionSnapshot
from trading.desk.services.sessions.snapshots import Learnt, memory_layout, snapshot_load
from trading.market.domain.bars import Bar, BarFlag
from trading.market.services.stream.again import as_published, bars_for_sessions, stream_bar

_log = EventLog(__name__)
READ_BARS: Final = 5_000
_REVISED: Final = int(BarFlag.REVISED)


def _nothing() -> None:
    """Do nothing."""


class Recalled(NamedTuple):
    """A state without books whose memory reaches the session's newest bar."""

    state: DeskState
    n_bars: int  # run again
    n_dropped: int  # snapshots that were of no use
    learnt: Learnt | None  # what the forecaster remembered then


def memory_recall(
    session: DeskSession, build: Callable[[], DeskState], *, on_bar: Callable[[], None] = _nothing
) -> Recalled:
    """Return a state as ``build`` makes it, with the memory of all the session's bars.

    A snapshot that cannot be read is dropped, with a line in the log: it is a cache.
    """
    state = build()
    after, layout = state.seq, memory_layout(state)
    rows = SessionSnapshot.objects.filter(session=session)
    is_fit = Q(layout=layout, cursor_seq__lte=session.cursor_seq)
    dropped, learnt = rows.exclude(is_fit).delete()[0], None
    for newest in rows.order_by("-cursor_seq"):
        try:
            learnt = snapshot_load(state, bytes(newest.state), newest.checksum)
        except InvariantError as error:
            _log.say(MEMORY_UNUSABLE, session=session.pk, why=str(error))
            newest.delete()
            state, dropped = build(), dropped + 1
        else:
            after = newest.cursor_seq
            break
    if dropped:
        _log.say(MEMORY_DROPPED, session=session.pk, n_snapshots=dropped)
    n_bars = memory_make(
        session.feed_id, state, after=after, through=session.cursor_seq, on_bar=on_bar
    )
    return Recalled(state, n_bars, dropped, learnt)


def memory_make(
    feed_id: int,
    state: DeskState,
    *,
    after: int,
    through: int,
    on_bar: Callable[[], None] = _nothing,
) -> int:
    """Run the bars after number ``after`` up to ``through`` through the memory alone."""
    pairs, step_ms, n = state.pairs, state.step_ms, 0
    for seq, name, bar in _bars(feed_id, after, through, frozenset(pairs)):
        remember(pairs[name], bar_as_taken(state, seq, bar), step_ms)
        n += 1
        on_bar()
    return n


def _bars(
    feed_id: int, after: int, through: int, pairs: frozenset[str]
) -> Iterator[tuple[int, str, Bar]]:
    """Yield the bars of those pairs as sessions saw them, as tuples: there may be millions."""
    columns = "seq", "pair", "open_time", "open", "high", "low", "close", "volume", "flags"
    while after < through:
        rows = bars_for_sessions(feed_id).filter(seq__gt=after, seq__lte=through)
        found = list(rows.values_list(*columns)[:READ_BARS])
        if not found:
            return
        first = _first_words(feed_id, [row[0] for row in found if row[-1] & _REVISED])
        for seq, pair, *values in found:
            if pair in pairs:
                yield seq, pair, first.get(seq) or Bar._make(values)
        after = found[-1][0]


def _first_words(feed_id: int, seqs: list[int]) -> dict[int, Bar]:
    if not seqs:
        return {}
    rows = as_published(bars_for_sessions(feed_id).filter(seq__in=seqs))
    return {row.seq: stream_bar(row) for row in rows}
