"""A desk in the middle of its work, as rows, for page and browser tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from tests import factories as make
from trading.base.domain.reasons import Gate, Outcome
from trading.desk.models import Bot, Decision, DeskSession, Position
from trading.market.models import Feed

STEP_MS = 300_000
N_BARS = 400


@dataclass(frozen=True, slots=True)
class Scene:
    """The rows tests refer to."""

    feed: Feed
    session: DeskSession
    bots: list[Bot]


def closes(seed: int, start: float, n: int = N_BARS) -> list[float]:
    """Return a seeded price path."""
    steps = np.random.default_rng(seed).normal(0.0002, 0.004, n)
    return [round(float(p), 2) for p in start * np.exp(np.cumsum(steps))]


def build(now: datetime) -> Scene:
    """Write one session of three strategies on two pairs with a day of history."""
    feed = make.feed(now=now)
    session = make.session(feed, now=now)
    make.savings_input(session)
    paths = {"BTC/USDT": closes(1, 62_000.0), "ETH/USDT": closes(2, 3_100.0)}
    for pair, path in paths.items():
        make.bars(feed, pair, path)
    strategies = ("breakout", "momentum", "price_move")
    bots = [make.bot(session, pair, name) for pair in paths for name in strategies]
    _journal(bots)
    for k, bot in enumerate(bots):
        _history(bot, paths[bot.pair], k)
    total = np.cumsum(np.random.default_rng(3).normal(0.4, 6, N_BARS)) + 6000
    kept = np.maximum.accumulate(np.where(np.arange(N_BARS) > 200, 12.3, 0.0))
    times = [make.START_MS + (i + 1) * STEP_MS for i in range(N_BARS)]
    make.equity(session, *zip(times, total.tolist(), kept.tolist(), strict=True))
    session.n_decisions = sum(bot.decisions.count() for bot in bots)
    session.save()
    return Scene(feed, session, bots)


def add_btc_pair(scene: Scene) -> Bot:
    """Put a pair quoted in BTC into the session: a few hundredths of a coin beside thousands."""
    path = [round(price / 60_000, 8) for price in closes(5, 3_100.0)]
    for row in (scene.feed, scene.session):
        row.pairs = [*row.pairs, "ETH/BTC"]
        row.save()
    make.bars(scene.feed, "ETH/BTC", path)
    bot = make.bot(
        scene.session, "ETH/BTC", "breakout", bankroll=Decimal("0.02"), cash=Decimal("0.02"),
        equity=Decimal("0.02"),
    )  # fmt: skip
    entry = Decimal(str(path[100]))
    position = make.position(bot, entry=str(entry), stop=str(entry * Decimal("0.985")))
    Position.objects.filter(pk=position.pk).update(quantity=Decimal("0.15"))
    position.refresh_from_db()
    trip = make.round_trip(position, str(entry * Decimal("1.2")), exit_time=_open(150))
    profit = Decimal("0.00154310")
    type(trip).objects.filter(pk=trip.pk).update(realised_pnl=profit, fees=Decimal("0.0000155"))
    saved = Decimal("0.00023146")
    make.checkpoint(
        trip, token="USDC", profit=profit, candidate=saved, reserved=saved,
        required_min=Decimal("0.00011402"),
    )  # fmt: skip
    bot.realised_pnl, bot.n_round_trips, bot.n_wins = profit, 1, 1
    bot.reserved, bot.equity = saved, bot.equity + profit
    bot.cash = bot.equity - saved
    bot.last_outcome, bot.last_bar_time = int(Outcome.NO_TRIGGER), _open(N_BARS - 1)
    bot.save()
    still = make.position(
        bot, entry=str(path[370]), stop=str(path[370] * 0.98), quantity=Decimal("0.12"),
        entry_time=_open(371),
    )  # fmt: skip
    make.order(bot, quantity=still.quantity, bar_time=_open(371), created_seq=801)
    times = [make.START_MS + (i + 1) * STEP_MS for i in range(N_BARS)]
    grown = np.linspace(0.02, float(bot.equity), N_BARS)
    kept = np.where(np.arange(N_BARS) > 150, float(saved), 0.0)
    make.equity(scene.session, *zip(times, grown.tolist(), kept.tolist(), strict=True), quote="BTC")
    return bot


def _journal(bots: list[Bot]) -> None:
    rng = np.random.default_rng(10)
    Decision.objects.bulk_create(
        make.decision_row(bot, *_some_outcome(rng, i), open_time=_open(i), seq=2 * i + 1)
        for i in range(N_BARS - 150, N_BARS)
        for bot in bots
    )


def _history(bot: Bot, path: list[float], k: int) -> None:
    for trip in range(2):
        _trade(bot, path, 260 + 40 * trip + 3 * k, trip)
    if k in (0, 4):
        _open_position(bot, path)
    bot.last_outcome = int(Outcome.HOLDING if k in (0, 4) else Outcome.NO_TRIGGER)
    bot.last_bar_time = _open(N_BARS - 1)
    bot.save()


def _open(i: int) -> int:
    return make.START_MS + i * STEP_MS


def _some_outcome(rng: Any, i: int) -> tuple[Any, ...]:
    draw = rng.random()
    if draw > 0.09:
        return (Outcome.NO_TRIGGER, make.passed(Gate.WARM, i, 60))
    if draw > 0.06:
        gate = make.failed(Gate.CONVICTION, 0.21 + draw, 0.28 + draw, Outcome.BELOW_CONVICTION)
        return (Outcome.BELOW_CONVICTION, gate)
    if draw > 0.03:
        gate = make.failed(Gate.EDGE, 18.4, 48.0, Outcome.EDGE_BELOW_COST)
        return (Outcome.EDGE_BELOW_COST, gate)
    gate = make.failed(Gate.COOLDOWN, 2, 6, Outcome.ROUTE_COOLDOWN)
    return (Outcome.ROUTE_COOLDOWN, gate)


def _trade(bot: Bot, path: list[float], at: int, trip: int) -> None:
    entry, exit_price = Decimal(str(path[at])), Decimal(str(path[at + 18]))
    quantity = round(Decimal(400) / entry, 6)
    entry_time, exit_time = _open(at + 1), _open(at + 19)
    position = make.position(
        bot, entry=str(entry), stop=str(entry * Decimal("0.985")), quantity=quantity,
        entry_time=entry_time,
    )  # fmt: skip
    order = make.order(bot, quantity=quantity, bar_time=entry_time, created_seq=2 * at + 1)
    make.order_event(order, "submitted", entry_time, quantity=str(quantity))
    make.order_event(order, "filled", entry_time, price=str(entry), quantity=str(quantity))
    make.fill(order, position, str(entry), event_time=entry_time)
    out = make.order(bot, "exit", quantity=quantity, bar_time=exit_time, created_seq=2 * at + 37)
    make.fill(out, position, str(exit_price), event_time=exit_time)
    result = make.round_trip(position, str(exit_price), exit_time=exit_time)
    bot.n_round_trips += 1
    bot.realised_pnl += result.realised_pnl
    bot.equity += result.realised_pnl
    bot.cash += result.realised_pnl
    if result.realised_pnl <= 0:
        return
    bot.n_wins += 1
    if trip:
        make.checkpoint(
            result, is_accepted=False, reserved=Decimal(0),
            skip_reason="checkpoint_below_fee_buffer", required_min=Decimal("4.91"),
        )  # fmt: skip
    else:
        saved = make.checkpoint(result, candidate=Decimal("12.30"), reserved=Decimal("12.30"))
        bot.reserved += saved.reserved
        bot.cash -= saved.reserved


def _open_position(bot: Bot, path: list[float]) -> None:
    at = N_BARS - 30
    entry = path[at]
    quantity = round(Decimal(400) / Decimal(str(entry)), 6)
    position = make.position(
        bot, entry=str(entry), stop=str(entry * 0.985), quantity=quantity, entry_time=_open(at)
    )
    order = make.order(bot, quantity=quantity, bar_time=_open(at), created_seq=2 * at + 1)
    make.fill(order, position, str(entry), event_time=_open(at))
    stop = make.order(bot, "stop", status="accepted", quantity=quantity, created_seq=2 * at + 1)
    for step in range(1, 5):
        level = round(entry * (0.985 + 0.002 * step), 2)
        make.order_event(stop, "updated", _open(at + 6 * step), stop_price=str(level))
    position.stop.current_stop = Decimal(str(level))
    position.stop.is_trailing_armed = True
    position.stop.water_mark_time = _open(at + 24)
    position.stop.save()
    make.decision(
        bot, Outcome.ENTRY_ORDERED, make.passed(Gate.CONVICTION, 0.52, 0.28),
        open_time=_open(N_BARS), seq=2 * at + 1, conviction=0.52,
    )  # fmt: skip
