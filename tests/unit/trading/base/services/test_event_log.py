"""An event is written under its name, with its fields beside it and an error's trace."""

from __future__ import annotations

from structlog.testing import capture_logs

from trading.base.domain.events import FEED_BROKE, FEED_RETRIED, Level
from trading.base.services.event_log import EventLog

LOG = EventLog(__name__)


def test_an_event_carries_its_fields() -> None:
    with capture_logs() as lines:
        LOG.say(FEED_RETRIED, feed=3, pause_s=2.0, why="the venue is away")
    assert lines == [
        {
            "event": "feed.retried",
            "log_level": "warning",
            "feed": 3,
            "pause_s": 2.0,
            "why": "the venue is away",
        }
    ]


def test_an_error_is_written_with_its_trace() -> None:
    error = ValueError("broke")
    with capture_logs() as lines:
        LOG.say(FEED_BROKE, error=error, feed=3)
    assert lines[0]["exc_info"] is error
    assert (FEED_BROKE.level, lines[0]["log_level"]) == (Level.ERROR, "error")
