"""Build what every app needs from outside."""

from __future__ import annotations

import random
from collections.abc import Callable

from trading.base.adapters.channels_publisher import ChannelsPublisher
from trading.base.adapters.prometheus import PrometheusMeter
from trading.base.adapters.system_clock import SystemClock
from trading.base.ports.clock import Clock
from trading.base.ports.meter import Meter
from trading.base.ports.publisher import EventPublisher

__all__ = [
    "chance",
    "event_publisher",
    "meter",
    "system_clock",
]


def system_clock() -> Clock:
    """Return the machine's clock."""
    return SystemClock()


def chance() -> Callable[[], float]:
    """Return what gives numbers from 0 to 1, to part those who wait for the same thing."""
    return random.SystemRandom().random


def meter() -> Meter:
    """Return what counts for Prometheus."""
    return PrometheusMeter()


def event_publisher() -> EventPublisher:
    """Return the way news reaches the browser."""
    return ChannelsPublisher()
