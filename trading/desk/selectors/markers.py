"""Read what a chart shows besides candles: entries, exits, denied signals, trailed stops."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from trading.base.domain.reasons import OUTCOME_TEXT, Outcome
from trading.desk.models import Decision, Fill, OrderEvent, Position, StopState

MAX_DENIED: Final = 400
MAX_POSITIONS: Final = 200


@dataclass(frozen=True, slots=True)
class Marker:
    """One point on the chart.

    Attributes:
        kind: ``entry``, ``exit`` or ``denied``.
        time: ms UTC; for a denied signal the open time of its bar.
        price: quote per base; None for a denied signal, which sits above its bar.
    """

    kind: str
    time: int
    price: float | None
    text: str
    strategy: str
    address_id: int  # of the order (entry, exit) or the decision (denied)


@dataclass(frozen=True, slots=True)
class StopLine:
    """The stop of one position as steps: from each time on, the stop stood at that price."""

    position_id: int
    strategy: str
    is_open: bool
    steps: tuple[tuple[int, float], ...]
    end_time: int | None


def marker_list(feed_id: int, pair: str, since_ms: int) -> tuple[Marker, ...]:
    """Return the markers of one pair from ``since_ms`` on, in time order."""
    markers = _fill_markers(feed_id, pair, since_ms) + _denied_markers(feed_id, pair, since_ms)
    return tuple(sorted(markers, key=lambda m: (m.time, m.kind)))


def _fill_markers(feed_id: int, pair: str, since_ms: int) -> list[Marker]:
    fills = Fill.objects.filter(
        position__session__feed_id=feed_id,
        position__bot__pair=pair,
        event_time__gte=since_ms,
    ).select_related("order", "position__bot")
    return [_fill_marker(fill) for fill in fills.order_by("event_time", "id")]


def _fill_marker(fill: Fill) -> Marker:
    is_entry = fill.order.purpose == "entry"
    strategy = fill.position.bot.strategy
    return Marker(
        kind="entry" if is_entry else "exit",
        # a market order fills at the open, anything else within the bar that closes then
        time=fill.event_time - (fill.order.type != "market"),
        price=float(fill.price),
        text=f"{strategy}: {fill.side} ({fill.order.purpose})",
        strategy=strategy,
        address_id=fill.order_id,
    )


def _denied_markers(feed_id: int, pair: str, since_ms: int) -> list[Marker]:
    rows = (
        Decision.objects.filter(
            bot__session__feed_id=feed_id,
            bot__pair=pair,
            open_time__gte=since_ms,
            outcome__gte=int(Outcome.BAR_QUARANTINED),
        )
        # a sell signal without a position refuses nothing an operator could have wanted
        .exclude(outcome=int(Outcome.SELL_WITHOUT_POSITION))
        .order_by("-open_time")
        .values_list("id", "open_time", "outcome", "bot__strategy")[:MAX_DENIED]
    )
    return [
        Marker("denied", time, None, f"{strategy}: {OUTCOME_TEXT[Outcome(o)]}", strategy, pk)
        for pk, time, o, strategy in rows
    ]


def stop_lines(feed_id: int, pair: str, since_ms: int) -> tuple[StopLine, ...]:
    """Return the stop of every position that was open after ``since_ms``, as it trailed."""
    positions = list(
        Position.objects.filter(session__feed_id=feed_id, bot__pair=pair)
        .exclude(exit_time__lt=since_ms)
        .select_related("bot", "stop")
        .order_by("-id")[:MAX_POSITIONS]
    )
    moves = _stop_moves(positions)
    lines = [_stop_line(p, moves[p.pk]) for p in reversed(positions)]
    return tuple(line for line in lines if line is not None)


def _stop_moves(positions: list[Position]) -> dict[int, list[tuple[int, float]]]:
    """Read by position the moves of its stop from the events of its bot's stop orders."""
    if not positions:
        return {}
    events = OrderEvent.objects.filter(
        order__bot_id__in={p.bot_id for p in positions},
        order__purpose="stop",
        kind="updated",
        event_time__gte=min(p.entry_time for p in positions),
    ).order_by("event_time", "id")
    by_bot: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for bot_id, time, payload in events.values_list("order__bot_id", "event_time", "payload"):
        if payload.get("stop_price"):
            by_bot[bot_id].append((time, float(payload["stop_price"])))
    return {
        p.pk: [
            (time, price)
            for time, price in by_bot[p.bot_id]
            if p.entry_time <= time <= (time if p.exit_time is None else p.exit_time)
        ]
        for p in positions
    }


def _stop_line(position: Position, moves: list[tuple[int, float]]) -> StopLine | None:
    stop: StopState | None = getattr(position, "stop", None)
    if stop is None:
        return None
    steps = [(position.entry_time, float(stop.initial_stop)), *moves]
    current = float(stop.current_stop)
    if steps[-1][1] != current:
        # the newest move may not have reached the venue yet; the state is what protects
        steps.append((max(stop.water_mark_time, steps[-1][0]), current))
    return StopLine(
        position_id=position.pk,
        strategy=position.bot.strategy,
        is_open=position.is_open,
        steps=tuple(steps),
        end_time=position.exit_time,
    )
