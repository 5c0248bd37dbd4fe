"""Read which conditions are open now, from facts that are already rows or answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from guardian.domain.advisories import Advisory
from guardian.selectors.health import Health
from guardian.selectors.logins import LoginLock
from trading.base.selectors.figures import duration_text
from trading.desk.selectors.feeds import FeedView, PairView
from trading.desk.selectors.health import HEARTBEAT_BUDGET_S, SessionView
from trading.desk.selectors.sentences import skew_sentence, stale_sentence
from trading.market.ports.feeds import PairState

NAME_SHOWN: Final = 40  # signs of a name a stranger typed
TURN_BUDGET_S: Final = 120.0  # sessions that take turns wait less than this
_HELD: Final = frozenset({"running", "recovering"})


def advisory_list(
    health: Health,
    sessions: Sequence[SessionView],
    feeds: Sequence[FeedView],
    locks: Sequence[LoginLock] = (),
) -> tuple[Advisory, ...]:
    """Return every open condition, worst first."""
    found = [
        *_of_services(health),
        *(advisory for feed in feeds for advisory in _of_feed(feed)),
        *(advisory for session in sessions for advisory in _of_session(session)),
        *(_of_lock(lock) for lock in locks),
    ]
    return tuple(sorted(found, key=lambda advisory: -advisory.level))


def _of_services(health: Health) -> Iterator[Advisory]:
    if health.db != "ok":
        yield Advisory(
            4,
            "database",
            "The database does not answer.",
            "Look after the database server; sessions go on by themselves when it is back.",
        )
    if health.redis == "failed":
        yield Advisory(
            1,
            "redis",
            "Redis does not answer: pages learn of news late and no task is started.",
            "The desk's own is started again by itself, see logs/redis.log; one of REDIS_URL has "
            "to be started on its machine.",
        )
    elif health.redis != "ok":
        yield Advisory(
            1,
            "redis",
            "No Redis is running: pages learn of news late and no task is started.",
            "Start the desk with manage.py up, or set REDIS_URL.",
        )


def _of_lock(lock: LoginLock) -> Advisory:
    # level 0: whoever guesses passwords must not be able to degrade the desk
    who = f"as {lock.username[:NAME_SHOWN]!r} " if lock.username else ""
    return Advisory(
        0,
        f"login from {lock.address}",
        f"Logging in {who}from {lock.address} is locked until {lock.until:%H:%M} UTC after "
        f"{lock.failures} wrong passwords.",
        f"It ends by itself; manage.py axes_reset_ip {lock.address} ends it now.",
    )


def _of_feed(feed: FeedView) -> Iterator[Advisory]:
    subject = f"feed {feed.name}"
    if feed.status == "failed":
        why = feed.status_reason or "no reason was recorded"
        yield Advisory(
            2, subject, f"{feed.name} has failed: {why}.", "Mend the reason, then open it again."
        )
    elif feed.status == "running" and feed.is_stale:
        why = f" ({feed.status_reason})" if feed.status_reason else ""
        yield Advisory(
            2,
            subject,
            f"{stale_sentence(feed)}{why}.",
            "It is asked again by itself; when it stays away, look into logs/stream.log.",
        )
    elif feed.status == "running" and feed.status_reason:
        yield Advisory(
            1,
            subject,
            f"{feed.name}: {feed.status_reason}.",
            "It is asked again by itself; when it stays away, look into logs/stream.log.",
        )
    if feed.status == "running":
        yield from _of_clock(feed)
        for pair in feed.pair_views:
            yield from _of_pair(feed, pair)


def _of_clock(feed: FeedView) -> Iterator[Advisory]:
    if feed.venue_view is None or not feed.venue_view.is_skewed:
        return
    yield Advisory(
        2,
        f"clock of {feed.name}",
        f"{skew_sentence(feed)}.",
        "Set the clock of this machine (NTP does it by itself).",
    )


def _of_pair(feed: FeedView, pair: PairView) -> Iterator[Advisory]:
    subject = f"pair {pair.pair} of {feed.name}"
    well = (PairState.FOLLOWED, PairState.SILENT)
    others = "The other pairs go on" if any(p.state in well for p in feed.pair_views) else ""
    if pair.state == PairState.SET_ASIDE:
        again = f", asked again at {pair.retry_at:%H:%M:%S} UTC" if pair.retry_at else ""
        yield Advisory(
            1,
            subject,
            f"{feed.name} {pair.pair} is set aside{again}: {pair.reason}.",
            _after(others, "when it is gone for good, take it out of market.pairs."),
        )
    elif pair.state == PairState.FAILING:
        yield Advisory(
            1,
            subject,
            f"{feed.name} {pair.pair} gives no candles: {pair.reason or 'its request hangs'}.",
            _after(others, "it is asked again by itself."),
        )
    if pair.refused_lately:
        n, what = pair.refused_lately, pair.refused_what
        bars = "1 bar was" if n == 1 else f"{n} bars were"
        yield Advisory(
            1,
            f"bars of {pair.pair} of {feed.name}",
            f"{feed.name} {pair.pair}: {bars} set aside in the last hour, the newest {what}.",
            "Nothing decides on them; the admin lists them under refused bars.",
        )


def _after(first: str, then: str) -> str:
    return f"{first}; {then}" if first else then[0].upper() + then[1:]


def _of_session(session: SessionView) -> Iterator[Advisory]:
    subject, silent = f"session {session.id}", session.lease_age_s
    if session.status == "failed":
        why = session.status_reason or "no reason was recorded"
        yield Advisory(
            2,
            subject,
            f"Session {session.id} has failed: {why}.",
            "This needs a person: manage.py desk verify shows what differs.",
        )
    elif not session.is_wanted or silent is None:
        return
    elif session.n_failures:
        yield Advisory(
            2,
            subject,
            f"Session {session.id} {session.status_reason}.",
            "It is tried again by itself; logs/worker-desk.log says where it broke off.",
        )
    elif session.status in _HELD and silent > HEARTBEAT_BUDGET_S:
        yield Advisory(
            2,
            subject,
            f"Session {session.id}: its worker was last heard {duration_text(silent)} ago.",
            "Another worker takes it up by itself; else look into logs/worker-desk.log.",
        )
    elif session.status == "waiting" and silent > TURN_BUDGET_S:
        yield Advisory(
            2,
            subject,
            f"Session {session.id} has waited {duration_text(silent)} for a worker.",
            "Start the desk with more of them: manage.py up --workers N.",
        )
    elif session.status_reason:
        yield Advisory(
            1,
            subject,
            f"Session {session.id} {session.status_reason}.",
            "Mend the configuration (manage.py config lint); it is read again by itself.",
        )
