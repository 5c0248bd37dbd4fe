"""The contract suite of venue adapters: what ``trading.desk.ports.venue`` promises, as tests.

Whoever writes an adapter subclasses it and gives it a bench:

    class TestMyVenue(VenueContract):
        @pytest.fixture
        def bench(self):
            with my_bench() as bench:
                yield bench

pytest itself is not imported, so that the suite ships without it.
"""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from decimal import Decimal
from typing import Final
from unittest import SkipTest

from trading.base.domain.errors import OrderStateUnknownError
from trading.base.domain.side import Side
from trading.desk.domain.execution.orders import Order
from trading.desk.domain.execution.words import (
    UNASKED,
    Answer,
    FillReport,
    NotFound,
    OrderStatusReport,
    VenueState,
)
from trading.desk.testing.venue_bench import VenueBench

_NONE: Final = Decimal(0)
_ONE: Final = Decimal(1)
_THREE: Final = Decimal(3)
_HOUR_MS: Final = 3_600_000


def _placed(bench: VenueBench, order: Order) -> OrderStatusReport:
    return _status(bench.venue.submit(order, until_ms=bench.until()))


def _status(answer: Answer) -> OrderStatusReport:
    assert isinstance(answer, OrderStatusReport), answer
    return answer


def _asked(bench: VenueBench, order: Order) -> OrderStatusReport:
    return _status(bench.venue.order_by_client_id(order))


def _fills(bench: VenueBench, order: Order) -> list[FillReport]:
    trades = bench.venue.trades_since(order.bar_time - _HOUR_MS)
    return [trade for trade in trades if trade.client_order_id == order.client_order_id]


def _balances(bench: VenueBench) -> dict[str, Decimal]:
    return {balance.currency: balance.total for balance in bench.venue.balances()}


class VenueContract:
    """Every adapter passes every test; what a venue cannot be told to do is skipped."""

    def test_an_order_is_placed_as_it_was_ordered(self, bench: VenueBench) -> None:
        """Terms, state and times of a limit and of a stop order."""
        for order in (bench.limit("one"), bench.stop("two")):
            before = bench.now_ms()
            for status in (_placed(bench, order), _asked(bench, order)):
                assert status.client_order_id == order.client_order_id
                assert status.state is VenueState.OPEN
                assert (status.quantity, status.filled_quantity) == (order.quantity, _NONE)
                assert status.stop_price == order.stop_price
                assert not status.is_triggered
                assert before <= status.asked_ms <= bench.now_ms()

    def test_placing_a_working_order_again_is_one_order(self, bench: VenueBench) -> None:
        """The client order id makes it one."""
        order = bench.limit("one")
        first, again = _placed(bench, order), bench.venue.submit(order, until_ms=bench.until())
        assert _status(again).state is first.state is VenueState.OPEN
        assert [s.client_order_id for s in bench.venue.open_orders()] == [order.client_order_id]

    def test_what_was_never_sent_is_not_found(self, bench: VenueBench) -> None:
        """By question, by cancel and by amend."""
        order = bench.stop("never")
        asked = bench.venue.order_by_client_id(order)
        taken = bench.venue.cancel(order, until_ms=bench.until())
        moved = bench.venue.amend(
            order, stop_price=bench.price / 2, quantity=_ONE, until_ms=bench.until()
        )
        for answer in (asked, taken, moved):
            assert isinstance(answer, NotFound)
            assert answer.client_order_id == order.client_order_id
            assert 0 < answer.asked_ms <= bench.now_ms()
        assert bench.venue.open_orders() == []

    def test_a_cancel_ends_an_order_once(self, bench: VenueBench) -> None:
        """Taking back what is over says how it ended."""
        order = bench.limit("one")
        _placed(bench, order)
        for _ in range(2):
            answer = _status(bench.venue.cancel(order, until_ms=bench.until()))
            assert answer.state is VenueState.CANCELLED
        assert _asked(bench, order).state is VenueState.CANCELLED
        assert bench.venue.open_orders() == []

    def test_an_amendment_states_absolute_values(self, bench: VenueBench) -> None:
        """Twice is once."""
        order = bench.stop("one")
        _placed(bench, order)
        price = bench.price * Decimal("0.9")
        for _ in range(2):
            moved = bench.venue.amend(
                order, stop_price=price, quantity=_THREE, until_ms=bench.until()
            )
            assert (_status(moved).stop_price, _status(moved).quantity) == (price, _THREE)
        assert (_asked(bench, order).stop_price, _asked(bench, order).quantity) == (price, _THREE)

    def test_what_is_over_cannot_be_amended(self, bench: VenueBench) -> None:
        """The answer says how it ended."""
        order = bench.stop("one")
        _placed(bench, order)
        bench.venue.cancel(order, until_ms=bench.until())
        moved = bench.venue.amend(
            order, stop_price=bench.price / 2, quantity=_THREE, until_ms=bench.until()
        )
        assert _status(moved).state is VenueState.CANCELLED

    def test_fills_add_up_to_what_the_order_says(self, bench: VenueBench) -> None:
        """A trade id each, told the same however often it is asked for."""
        order = bench.limit("one")
        _placed(bench, order)
        assert _fills(bench, order) == []
        for filled, state in ((_ONE, VenueState.OPEN), (Decimal(2), VenueState.FILLED)):
            bench.trade(order, _ONE)
            status, fills = _asked(bench, order), _fills(bench, order)
            assert (status.state, status.filled_quantity) == (state, filled)
            assert sum(fill.quantity for fill in fills) == filled
            assert len({fill.trade_id for fill in fills}) == len(fills)
            assert _fills(bench, order) == fills
        assert [s.client_order_id for s in bench.venue.open_orders()] == []

    def test_a_fill_moves_the_balances_by_its_amount_and_costs(self, bench: VenueBench) -> None:
        """Base by the quantity, quote by the price, fee and gas."""
        base, quote = bench.pair.split("/")
        for side, sign in ((Side.BUY, 1), (Side.SELL, -1)):
            order = bench.limit(f"balance {side}", side)
            before = _balances(bench)
            _placed(bench, order)
            bench.trade(order, order.quantity)
            after, fills = _balances(bench), _fills(bench, order)
            paid = sum(fill.quantity * fill.price for fill in fills)
            costs = sum(fill.fee + fill.gas_cost for fill in fills)
            assert after[base] - before[base] == sign * order.quantity
            assert after[quote] - before[quote] == -sign * paid - costs
            assert all(fill.side is side and fill.pair == bench.pair for fill in fills)
            assert all(fill.price > 0 and fill.fee >= 0 for fill in fills)

    def test_what_was_filled_before_a_cancel_stays_filled(self, bench: VenueBench) -> None:
        """The end counts it."""
        order = bench.limit("one")
        _placed(bench, order)
        bench.trade(order, _ONE)
        ended = _status(bench.venue.cancel(order, until_ms=bench.until()))
        assert (ended.state, ended.filled_quantity) == (VenueState.CANCELLED, _ONE)
        assert sum(fill.quantity for fill in _fills(bench, order)) == _ONE

    def test_trades_are_told_by_time_from_the_time_asked_for(self, bench: VenueBench) -> None:
        """The time itself included."""
        first, second = bench.limit("one"), bench.limit("two")
        for order in (first, second):
            _placed(bench, order)
            bench.trade(order, order.quantity)
            bench.pass_time(_HOUR_MS)
        fills = _fills(bench, first) + _fills(bench, second)
        assert [fill.event_time for fill in fills] == sorted(fill.event_time for fill in fills)
        later = fills[-1].event_time
        assert all(fill.event_time >= later for fill in bench.venue.trades_since(later))
        assert fills[-1] in bench.venue.trades_since(later)
        assert bench.venue.trades_since(later + 1) == []

    def test_open_orders_are_told_by_id(self, bench: VenueBench) -> None:
        """Each as a question about it would be answered."""
        orders = [bench.limit("one"), bench.stop("two"), bench.limit("three")]
        for order in orders:
            _placed(bench, order)
        told = bench.venue.open_orders()
        assert [s.client_order_id for s in told] == sorted(o.client_order_id for o in orders)
        assert all(status.asked_ms != UNASKED for status in told)

    def test_the_whole_status_agrees_with_single_questions(self, bench: VenueBench) -> None:
        """Orders, fills and balances."""
        open_, filled = bench.limit("one", Side.SELL), bench.limit("two")
        for order in (open_, filled):
            _placed(bench, order)
        bench.trade(filled, filled.quantity)
        mass = bench.venue.mass_status(open_.bar_time - _HOUR_MS)
        assert [s.client_order_id for s in mass.orders] == [open_.client_order_id]
        assert list(mass.fills) == _fills(bench, filled)
        assert {b.currency: b.total for b in mass.balances} == _balances(bench)
        assert all(0 <= b.locked <= b.total for b in mass.balances)

    def test_news_tells_every_fill_and_forgets_it(self, bench: VenueBench) -> None:
        """News is nobody's answer."""
        order = bench.limit("one")
        _placed(bench, order)
        bench.venue.news()
        bench.trade(order, order.quantity)
        bench.venue.open_orders()  # whatever was under way is here now
        news = bench.venue.news()
        told = {word.trade_id for word in news if isinstance(word, FillReport)}
        assert told == {fill.trade_id for fill in _fills(bench, order)}
        statuses = [word for word in news if isinstance(word, OrderStatusReport)]
        assert all(status.asked_ms == UNASKED for status in statuses)
        assert bench.venue.news() == []

    def test_a_restart_of_our_side_changes_nothing_there(self, bench: VenueBench) -> None:
        """The same questions have the same answers."""
        order, over = bench.limit("one"), bench.limit("two")
        for one in (order, over):
            _placed(bench, one)
        bench.venue.cancel(over, until_ms=bench.until())
        bench.trade(order, _ONE)
        fills, balances = _fills(bench, order), _balances(bench)
        bench.reopen()
        assert (_fills(bench, order), _balances(bench)) == (fills, balances)
        assert _asked(bench, order).filled_quantity == _ONE
        assert _asked(bench, over).state is VenueState.CANCELLED

    def test_words_cannot_be_changed(self, bench: VenueBench) -> None:
        """Nobody's copy is anybody else's."""
        status = _placed(bench, bench.limit("one"))
        try:
            status.quantity = _ONE  # type: ignore[misc]
        except FrozenInstanceError:
            return
        raise AssertionError("a word was changed in place")

    def test_a_refused_order_says_why_and_is_over(self, bench: VenueBench) -> None:
        """As a value: it is the venue's decision, not a failure."""
        if not bench.can_refuse:
            raise SkipTest("this venue cannot be told to refuse an order")
        order = bench.limit("one")
        bench.refuse_next()
        refused = _placed(bench, order)
        assert refused.state is VenueState.REJECTED
        assert refused.reason
        assert bench.venue.open_orders() == []

    def test_a_lost_answer_leaves_the_outcome_to_a_question(self, bench: VenueBench) -> None:
        """Whether it was executed or not, the call fails the same; the question tells."""
        if not bench.can_lose:
            raise SkipTest("answers of this venue cannot be lost")
        for is_executed in (True, False):
            order = bench.limit(f"lost {is_executed}")
            bench.lose_next(is_executed=is_executed)
            _fails(bench, order)
            bench.pass_time(bench.venue.window_ms + 1)
            answer = bench.venue.order_by_client_id(order)
            assert isinstance(answer, OrderStatusReport if is_executed else NotFound), answer

    def test_a_command_is_not_executed_after_its_time(self, bench: VenueBench) -> None:
        """So that a question asked then is asked after it."""
        if bench.venue.window_ms == 0:
            raise SkipTest("this venue executes commands within the call")
        order = bench.limit("late")
        until = bench.until()
        bench.pass_time(bench.venue.window_ms + 1)
        try:
            bench.venue.submit(order, until_ms=until)
        except OrderStateUnknownError:
            pass
        assert isinstance(bench.venue.order_by_client_id(order), NotFound)


def _fails(bench: VenueBench, order: Order) -> None:
    try:
        bench.venue.submit(order, until_ms=bench.until())
    except OrderStateUnknownError:
        return
    raise AssertionError("an answer that was lost was given all the same")
