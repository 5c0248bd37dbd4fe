"""Create feeds: say once what a source is, so that every later start goes on in the same place.

Parameters by kind. simulated: ``seed``, ``history_bars``, ``bar_seconds`` (wall time of a bar),
``epoch_ms`` (open time of the first bar; default so that the history ends now). replay:
``history_bars``, ``bar_seconds`` (0 = as fast as sessions follow), ``start_ms``, ``end_ms`` (end
excluded). ccxt: ``base_url``, ``poll_s``, ``history_bars``, ``skew_limit_s``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import IntegrityError, transaction

from trading.base.domain.errors import BadInputError
from trading.base.ports.clock import Clock
from trading.market.domain.feed_kind import FeedKind
from trading.market.domain.instruments import SIMULATED_VENUE, Pair
from trading.market.domain.timeframes import floor_open, timeframe_ms, timeframe_name
from trading.market.models import Feed

_PARAMS: Final[Mapping[FeedKind, frozenset[str]]] = {
    FeedKind.SIMULATED: frozenset({"seed", "history_bars", "bar_seconds", "epoch_ms"}),
    FeedKind.REPLAY: frozenset({"history_bars", "bar_seconds", "start_ms", "end_ms"}),
    FeedKind.CCXT: frozenset({"base_url", "poll_s", "history_bars", "skew_limit_s"}),
}


def feed_create(  # noqa: PLR0913 - one row, one argument a column
    *,
    kind: FeedKind | str,
    venue: str,
    timeframe: str,
    pairs: Sequence[str],
    params: Mapping[str, Any],
    name: str,
    clock: Clock,
) -> Feed:
    """Create a running feed; the stream process takes it up within a second.

    Args:
        kind: where bars come from; never AUTO.
        venue: venue of the candles, or the label of the simulated market.
        timeframe: length of one bar, such as ``5m``.
        pairs: BASE/QUOTE each; stored sorted.
        params: see the module.
        name: unique.
        clock: for the time of creation.

    Raises:
        BadInputError: a value is malformed, a parameter unknown, or the name taken.
    """
    known = _kind(kind)
    wanted = sorted({str(Pair.parse(pair)) for pair in pairs})
    if not wanted:
        raise BadInputError("pairs was empty; a feed needs at least one pair")
    row = Feed(
        name=name,
        kind=known.value,
        venue=venue,
        timeframe=timeframe_name(timeframe),
        pairs=wanted,
        params=_completed_params(known, params, timeframe_ms(timeframe), clock.now_ms()),
        is_simulated=known is FeedKind.SIMULATED or venue == SIMULATED_VENUE,
        created_at=clock.now(),
    )
    return _insert(row)


def _insert(row: Feed) -> Feed:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise BadInputError(
            f"feed name was {row.name!r}, which is taken; choose another"
        ) from error
    return row


def _kind(kind: FeedKind | str) -> FeedKind:
    try:
        known = FeedKind(kind)
    except ValueError:
        known = FeedKind.AUTO
    if known is FeedKind.AUTO:
        raise BadInputError(f"feed kind was {kind!r}; expected simulated, replay or ccxt")
    return known


def _completed_params(
    kind: FeedKind, params: Mapping[str, Any], step_ms: int, now_ms: int
) -> dict[str, Any]:
    unknown = sorted(set(params) - _PARAMS[kind])
    if unknown:
        raise BadInputError(
            f"{kind.value} feed parameter was {unknown[0]!r}; "
            f"expected {', '.join(sorted(_PARAMS[kind]))}"
        )
    for name in ("history_bars", "bar_seconds", "poll_s", "skew_limit_s"):
        value = params.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise BadInputError(f"feed parameter {name} was {value!r}; expected 0 or more")
    kept = dict(params)
    if kind is FeedKind.SIMULATED:
        history_ms = int(kept.get("history_bars", 0)) * step_ms
        kept.setdefault("epoch_ms", floor_open(now_ms, step_ms) - history_ms)
    return kept
