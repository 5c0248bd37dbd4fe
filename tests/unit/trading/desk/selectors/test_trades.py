"""What was traded: positions with their stop, orders with their life, markers and stop lines."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests import factories as make
from trading.base.domain.reasons import Gate, Outcome
from trading.desk.models import Bot
from trading.desk.selectors.markers import marker_list, stop_lines
from trading.desk.selectors.positions import order_get, position_list, round_trip_list

pytestmark = pytest.mark.django_db
T0, STEP = make.START_MS, 300_000


@pytest.fixture
def bot() -> Bot:
    """Return a bot on BTC/USDT."""
    return make.bot(make.session(make.feed()))


def test_an_open_position_is_marked_at_the_last_close(bot: Bot) -> None:
    make.position(bot, entry="100", stop="97", quantity=Decimal("0.5"))
    (view,) = position_list([bot.session_id], {(bot.session.feed_id, "BTC/USDT"): 110.0})
    assert view.unrealised_pnl == Decimal("5.00")
    assert view.unrealised_pct == pytest.approx(10)
    assert view.stop_distance_pct == pytest.approx((97 / 110 - 1) * 100)
    assert view.notional == Decimal(55)


def test_a_position_without_stop_or_price_says_so_instead_of_failing(bot: Bot) -> None:
    make.position(bot, stop=None)
    (view,) = position_list([bot.session_id], {})
    assert view.stop is None
    assert view.unrealised_pnl is None
    assert view.stop_distance_pct is None


def test_a_closed_position_is_a_round_trip_and_no_position(bot: Bot) -> None:
    make.round_trip(make.position(bot), "110")
    assert position_list([bot.session_id], {}) == ()
    (trip,) = round_trip_list([bot.session_id])
    assert trip.realised_pnl == Decimal("9.8")
    assert trip.return_pct == pytest.approx(9.8)
    assert trip.exit_reason == "exit signal"


def test_an_order_shows_its_life_and_the_decision_that_gave_it(bot: Bot) -> None:
    decision = make.decision(bot, Outcome.ENTRY_ORDERED, seq=7)
    order = make.order(bot, created_seq=7)
    make.order_event(order, "submitted", T0)
    make.order_event(order, "filled", T0 + 1, price="100")
    make.fill(order, make.position(bot))
    detail = order_get(order.pk)
    assert detail is not None
    assert detail.decision_id == decision.pk
    assert [event["kind"] for event in detail.events] == ["submitted", "filled"]
    assert len(detail.fills) == 1
    assert order_get(order.pk + 1) is None


def test_markers_are_entries_exits_and_denied_signals_of_the_pair_only(bot: Bot) -> None:
    position = make.position(bot)
    make.fill(make.order(bot), position, "100", event_time=T0 + STEP)
    make.fill(make.order(bot, "exit"), position, "104", event_time=T0 + 3 * STEP)
    make.decision(bot, Outcome.NO_TRIGGER, open_time=T0)
    make.decision(
        bot, Outcome.BELOW_SCORE, make.failed(Gate.SCORE, 0.05, 0.1, Outcome.BELOW_SCORE),
        open_time=T0 + 2 * STEP,
    )  # fmt: skip
    make.decision(bot, Outcome.SELL_WITHOUT_POSITION, open_time=T0 + 4 * STEP)
    other = make.bot(bot.session, "ETH/USDT")
    make.decision(other, Outcome.BELOW_SCORE, open_time=T0)
    found = marker_list(bot.session.feed_id, "BTC/USDT", T0)
    assert [(m.kind, m.time) for m in found] == [
        ("entry", T0 + STEP), ("denied", T0 + 2 * STEP), ("exit", T0 + 3 * STEP)
    ]  # fmt: skip
    assert marker_list(bot.session.feed_id, "BTC/USDT", T0 + 4 * STEP) == ()


def test_a_stop_that_fills_at_the_close_belongs_to_the_bar_that_closes(bot: Bot) -> None:
    position = make.position(bot)
    make.fill(make.order(bot, "stop"), position, "97", event_time=T0 + STEP)
    (marker,) = marker_list(bot.session.feed_id, "BTC/USDT", T0)
    assert marker.time // STEP * STEP == T0


def test_the_stop_line_follows_every_move(bot: Bot) -> None:
    position = make.position(bot, entry="100", stop="97")
    stop = make.order(bot, "stop", status="accepted")
    make.order_event(stop, "accepted", T0)
    make.order_event(stop, "updated", T0 + STEP, stop_price="98")
    make.order_event(stop, "updated", T0 + 2 * STEP, stop_price="99.5")
    position.stop.current_stop = Decimal("99.5")
    position.stop.save()
    (line,) = stop_lines(bot.session.feed_id, "BTC/USDT", T0)
    assert line.steps == ((T0, 97.0), (T0 + STEP, 98.0), (T0 + 2 * STEP, 99.5))
    assert line.is_open


def test_a_move_the_venue_has_not_confirmed_is_still_drawn(bot: Bot) -> None:
    position = make.position(bot, entry="100", stop="97")
    position.stop.current_stop = Decimal("98.5")
    position.stop.water_mark_time = T0 + 5 * STEP
    position.stop.save()
    (line,) = stop_lines(bot.session.feed_id, "BTC/USDT", T0)
    assert line.steps == ((T0, 97.0), (T0 + 5 * STEP, 98.5))


def test_moves_of_the_next_position_do_not_bend_the_line_of_the_last(bot: Bot) -> None:
    first = make.position(bot, entry="100", stop="97")
    make.round_trip(first, exit_time=T0 + 2 * STEP)
    make.position(bot, entry="110", stop="108", entry_time=T0 + 3 * STEP)
    make.order_event(make.order(bot, "stop"), "updated", T0 + 4 * STEP, stop_price="109")
    lines = stop_lines(bot.session.feed_id, "BTC/USDT", T0)
    assert [line.steps[0] for line in lines] == [(T0, 97.0), (T0 + 3 * STEP, 108.0)]
    assert len(lines[0].steps) == 1


def test_positions_closed_before_the_window_are_left_out(bot: Bot) -> None:
    make.round_trip(make.position(bot), exit_time=T0 + STEP)
    assert stop_lines(bot.session.feed_id, "BTC/USDT", T0 + 2 * STEP) == ()
