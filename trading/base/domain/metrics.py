"""Every metric the desk shows to Prometheus, declared once.

A name is ``guardian_``, what is measured, its unit where it has one, and ``_total`` for what only
grows. Whoever counts takes a ``trading.base.ports.meter.Meter`` and one of these; a test holds that
each is used and that nothing is measured under another name. Labels have few values: a reason,
never an id.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class MetricKind(StrEnum):
    """What may happen to a metric's value."""

    COUNTER = "counter"  # only grows
    GAUGE = "gauge"  # goes up and down


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing that is measured.

    Attributes:
        name: as Prometheus knows it.
        kind: see there.
        unit: what one of it is, for a person.
        help: one sentence.
        labels: what it is told apart by.
    """

    name: str
    kind: MetricKind
    unit: str
    help: str
    labels: tuple[str, ...] = ()


NEWS_PUBLISHED: Final = Metric(
    "guardian_news_published_total",
    MetricKind.COUNTER,
    "messages",
    "Messages handed to the channel layer.",
)
NEWS_DROPPED: Final = Metric(
    "guardian_news_dropped_total",
    MetricKind.COUNTER,
    "messages",
    "Messages dropped instead of waited for, by reason.",
    ("reason",),
)
LOGIN_FAILURES: Final = Metric(
    "guardian_login_failures_total",
    MetricKind.COUNTER,
    "tries",
    "Wrong passwords that were counted.",
)
LOGINS_REFUSED: Final = Metric(
    "guardian_logins_refused_total",
    MetricKind.COUNTER,
    "tries",
    "Logins refused because of too many wrong passwords.",
)
FEEDS_FOLLOWED: Final = Metric(
    "guardian_feeds_followed",
    MetricKind.GAUGE,
    "feeds",
    "Feeds the stream process follows now.",
)

METRICS: Final = (NEWS_PUBLISHED, NEWS_DROPPED, LOGIN_FAILURES, LOGINS_REFUSED, FEEDS_FOLLOWED)
