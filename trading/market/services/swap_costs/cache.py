"""Read the swap-cost cache: is it one, what does it hold, how old is it?

Source: reference specification of the optimizer, section 1. A cache that cannot be used is refused
with its path and the key that is wrong; an old one is used and said to be old.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from trading.base.domain.errors import BadInputError
from trading.base.domain.events import SWAP_COSTS_OLD
from trading.base.ports.clock import Clock
from trading.base.services.event_log import EventLog
from trading.market.domain.costs import SwapCostSchedule
from trading.market.ports.quotes import SwapCostStore
from trading.market.services.swap_costs.identity import CostEntries, CostIdentity, identity_of
from trading.market.services.swap_costs.market import MAX_NOTIONAL

DAY_S: Final = 86_400.0
MAX_AGE_S: Final = 7 * DAY_S
_AHEAD: Final = timedelta(days=1)  # a time without a zone may be local, and is read as UTC

_log = EventLog(__name__)


@dataclass(frozen=True, slots=True)
class SwapCostCache:
    """A checked cache.

    Attributes:
        name: where it is.
        metadata: what was measured; empty in a file without any.
        identity: what they say the costs are of.
        entries: by rung notional as text, as written in the file.
        schedule: the same as arrays.
        measured_at: when the oldest rung was measured, None when a rung does not say.
        moments: when each rung was measured, None where it does not say; in growing order of the
            rungs, as the schedule.
    """

    name: str
    metadata: Mapping[str, Any]
    identity: CostIdentity
    entries: Mapping[str, Any]
    schedule: SwapCostSchedule
    measured_at: datetime | None
    moments: tuple[datetime | None, ...]

    @property
    def pair(self) -> str:
        """Return what candles call the market, empty when that is not known."""
        return self.identity.known_pair

    def age_s(self, clock: Clock) -> float | None:
        """Return the age of the oldest rung, None when it does not say when it was measured."""
        if self.measured_at is None:
            return None
        return max(0.0, (clock.now() - self.measured_at).total_seconds())

    def warning(self, clock: Clock, max_age_s: float = MAX_AGE_S) -> str:
        """Return what to tell about the age; empty when there is nothing to tell."""
        if self.identity.is_simulated:
            return f"swap costs {self.name!r} are simulated: nobody measured them"
        ahead = [moment for moment in self.moments if moment and moment - clock.now() > _AHEAD]
        if ahead:
            return (
                f"swap costs {self.name!r} say that they were measured on {max(ahead):%Y-%m-%d}, "
                "which is yet to come; measure them again with swap_costs refresh"
            )
        age = self.age_s(clock)
        if age is None:
            return f"swap costs {self.name!r} do not say when they were measured"
        if age <= max_age_s:
            return ""
        now, rungs = clock.now(), self.schedule.notional.tolist()
        old = [
            rung
            for rung, moment in zip(rungs, self.moments, strict=True)
            if moment is not None and (now - moment).total_seconds() > max_age_s
        ]
        what = f"swap costs {self.name!r} are {age / DAY_S:,.0f} days old"
        if len(old) < len(rungs):
            span = f"{old[0]:,.0f}" if len(old) == 1 else f"{old[0]:,.0f} to {old[-1]:,.0f}"
            what += f" in {len(old)} of {len(rungs)} rungs ({span})"
        return (
            f"{what}, more than {max_age_s / DAY_S:g}; measure them again with swap_costs refresh"
            f"{'' if rungs[-1] == MAX_NOTIONAL else f' --max-notional {math.ceil(rungs[-1])}'}"
        )


def cache_check(raw: Any, name: str) -> SwapCostCache:
    """Return the cache in parsed JSON.

    Raises:
        BadInputError: a key is missing or holds something impossible; the message names the file
            and the key.
    """
    if not isinstance(raw, dict) or not isinstance(raw.get("entries"), dict):
        raise BadInputError(f"{name!r} is no swap-cost cache: it has no entries by rung")
    metadata = raw.get("metadata", {})
    if not isinstance(metadata, dict):
        raise BadInputError(f"{name!r}: metadata was {metadata!r}; expected an object")
    entries = raw["entries"]
    try:
        identity = identity_of(metadata)
        schedule = SwapCostSchedule.from_entries(entries)
        moments = [moment_of(rung, entries[rung]) for rung in sorted(entries, key=float)]
    except BadInputError as error:
        raise BadInputError(f"{name!r}: {error}") from error
    known = [moment for moment in moments if moment is not None]
    oldest = min(known) if len(known) == len(moments) else None
    return SwapCostCache(name, metadata, identity, entries, schedule, oldest, tuple(moments))


def moment_of(rung: str, entry: Mapping[str, Any]) -> datetime | None:
    """Return when a rung was measured; times without a zone are UTC, as the original wrote them.

    Raises:
        BadInputError: ``generated_at`` is there but is no time.
    """
    text = entry.get("generated_at")
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise BadInputError(
            f"swap cost entry {rung!r}: generated_at was {text!r}; expected an ISO-8601 time"
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def swap_costs_get(*, store: SwapCostStore) -> SwapCostCache | None:
    """Return the desk's cache, None when it was never measured.

    Raises:
        BadInputError: the file is not a swap-cost cache.
    """
    raw = store.load()
    return None if raw is None else cache_check(raw, store.name)


def swap_costs_require(*, store: SwapCostStore) -> SwapCostCache:
    """Return a cache that must be there.

    Raises:
        BadInputError: there is no file, or it is not a swap-cost cache.
    """
    cache = swap_costs_get(store=store)
    if cache is None:
        raise BadInputError(f"swap costs were {store.name!r}; there is no such file")
    return cache


def swap_costs_read(*, store: SwapCostStore, clock: Clock) -> SwapCostCache:
    """Return a cache that must be there; an old one is logged.

    Raises:
        BadInputError: there is no file, or it is not a swap-cost cache.
    """
    cache = swap_costs_require(store=store)
    log_age(cache, clock)
    return cache


def swap_cost_entries_get(*, store: SwapCostStore, clock: Clock) -> CostEntries | None:
    """Return the rungs for the desk, None when there are none; an old cache is logged.

    Raises:
        BadInputError: the file is not a swap-cost cache.
    """
    cache = swap_costs_get(store=store)
    if cache is None:
        return None
    log_age(cache, clock)
    return CostEntries(cache.entries, cache.identity, cache.name)


def log_age(cache: SwapCostCache, clock: Clock) -> None:
    """Warn in the log when a cache is old or does not say how old it is."""
    warning = cache.warning(clock)
    if warning:
        _log.say(SWAP_COSTS_OLD, why=warning)
