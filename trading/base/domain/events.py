"""Every event the desk writes to its log, declared once.

A name is the thing and what happened to it. Fields carry their unit as a suffix. Whoever has
something to say takes an ``EventLog`` of ``trading.base.services.event_log`` and one of these; a
test holds that each is said somewhere, with exactly its fields, and that nothing else is logged.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Level(IntEnum):
    """How loud; the numbers are those of the standard library."""

    INFO = 20
    WARNING = 30  # goes on by itself
    ERROR = 40  # a person should look


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One kind of line in the log.

    Attributes:
        name: what a search finds it by.
        level: see there.
        help: one sentence: what it means and what follows.
        fields: what is told besides, all of them every time.
    """

    name: str
    level: Level
    help: str
    fields: tuple[str, ...] = ()


# bots and sessions
BOTS_UNCHANGED: Final = LogEvent(
    "bots.unchanged",
    Level.WARNING,
    "Installed bots stay as they are until it is mended.",
    ("why",),
)
BOTS_FOLLOWED: Final = LogEvent(
    "bots.followed",
    Level.INFO,
    "The configuration started or stopped sessions of installed bots.",
    ("started", "stopped"),
)
SESSION_BROKE: Final = LogEvent(
    "session.broke",
    Level.ERROR,
    "An error nobody foresaw broke a session's turn off; it is tried again after a pause.",
    ("session",),
)
SESSION_DEPLOYED: Final = LogEvent(
    "session.deployed",
    Level.INFO,
    "Another version of the code goes on with a session; the change is a fact of it.",
    ("session", "version", "before"),
)
SESSION_POLICY_UNUSED: Final = LogEvent(
    "session.policy_unused",
    Level.WARNING,
    "A part of a session's policy means nothing to this version; its default counts.",
    ("session", "why"),
)
MEMORY_UNUSABLE: Final = LogEvent(
    "memory.unusable",
    Level.WARNING,
    "A snapshot cannot be read; the memory is made of bars instead.",
    ("session", "why"),
)
MEMORY_DROPPED: Final = LogEvent(
    "memory.dropped",
    Level.INFO,
    "Snapshots of another layout were removed; the memory is made of bars instead.",
    ("session", "n_snapshots"),
)
# forecasts
FORECASTER_FAILED: Final = LogEvent(
    "forecaster.failed",
    Level.ERROR,
    "A forecaster raised; its bars have no forecast and entries on them are refused.",
    ("forecaster", "in_a_row", "why"),
)
FORECASTER_GIVEN_UP: Final = LogEvent(
    "forecaster.given_up",
    Level.ERROR,
    "A forecaster missed too many bars; it rests until its session is opened again.",
    ("forecaster", "why"),
)
# feeds and their news
FEEDS_UNREADABLE: Final = LogEvent(
    "feeds.unreadable", Level.WARNING, "The list of feeds is read again soon.", ("why",)
)
FEED_FOLLOWED: Final = LogEvent(
    "feed.followed", Level.INFO, "The stream process takes up a feed.", ("feed", "title")
)
FEED_CURSOR_LOST: Final = LogEvent(
    "feed.cursor_lost", Level.WARNING, "Somebody else wrote the feed's log.", ("feed", "why")
)
FEED_BROKE: Final = LogEvent(
    "feed.broke", Level.ERROR, "An error nobody foresaw broke a feed off; it goes on.", ("feed",)
)
FEED_RETRIED: Final = LogEvent(
    "feed.retried",
    Level.WARNING,
    "It is asked again after a pause.",
    ("feed", "pause_s", "why"),
)
FEED_FAILED: Final = LogEvent(
    "feed.failed", Level.ERROR, "A feed cannot go on until a person mends it.", ("feed", "why")
)
FEED_SILENT: Final = LogEvent(
    "feed.no_heartbeat", Level.WARNING, "A sign of life could not be written.", ("feed", "why")
)
FEED_LATE_END: Final = LogEvent(
    "feed.late_end",
    Level.WARNING,
    "A feed was cut off; its log is complete.",
    ("limit_s",),
)
PAIR_BROKE: Final = LogEvent(
    "pair.broke", Level.ERROR, "An error nobody foresaw broke a pair off; it goes on.", ("pair",)
)
NEWS_LATE: Final = LogEvent(
    "news.late_end", Level.WARNING, "News that were not sent at the end are dropped.", ("limit_s",)
)
STREAM_ENDED: Final = LogEvent(
    "stream.ended", Level.INFO, "The stream process ended in good order.", ("n_sent", "n_dropped")
)
# swap costs
SWAP_COSTS_OLD: Final = LogEvent(
    "swap_costs.old", Level.WARNING, "Swap costs are used that are old or of unknown age.", ("why",)
)
SWAP_COSTS_REST_UNUSABLE: Final = LogEvent(
    "swap_costs.rest_unusable",
    Level.WARNING,
    "What an interrupted refresh measured cannot be used; it is measured anew.",
    ("why",),
)
SWAP_COSTS_REST_UNREADABLE: Final = LogEvent(
    "swap_costs.rest_unreadable",
    Level.WARNING,
    "The file of an interrupted refresh cannot be read; it is measured anew.",
    ("path", "why"),
)
REQUEST_TIMES_UNREADABLE: Final = LogEvent(
    "swap_costs.request_times_unreadable",
    Level.WARNING,
    "When quotes were asked for last is not known; the budget begins anew.",
    ("path", "why"),
)
# studies
STUDY_SAID: Final = LogEvent(
    "study.said",
    Level.WARNING,
    "A study without a command tells its troubles.",
    ("what",),
)
THREADS_WAIT: Final = LogEvent(
    "study.threads_wait",
    Level.INFO,
    "More threads ask for a process than the machine can bear; they wait.",
    ("processes",),
)

EVENTS: Final = tuple(value for value in list(globals().values()) if isinstance(value, LogEvent))
