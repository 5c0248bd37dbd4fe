"""Laws of asking: whatever a venue says, and however often, an order becomes what it truly is."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from functools import reduce
from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.execution import OPEN_TIME, order
from trading.base.domain.side import Side
from trading.desk.domain.execution.asking import Need, Settled, settle_order
from trading.desk.domain.execution.orders import (
    Order,
    OrderPurpose,
    OrderStatus,
    OrderType,
    apply_report,
)
from trading.desk.domain.execution.words import (
    UNASKED,
    FillReport,
    NoAnswer,
    NotFound,
    OrderStatusReport,
    VenueState,
    Word,
)
from trading.desk.services.execution.reports import reports_dump, reports_load

KEY = order().client_order_id
LIFE_MS = 60_000
STOP = order(
    side=Side.SELL, type=OrderType.STOP_MARKET, purpose=OrderPurpose.STOP, stop_price=Decimal(90)
)  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[OrderStatusReport, tuple[FillReport, ...]]]:
    """Return what a venue truly has of a stop order, moment by moment, from taken to over."""
    now = OrderStatusReport(
        KEY, VenueState.OPEN, STOP.quantity, Decimal(0), STOP.stop_price, False, OPEN_TIME
    )
    fills: tuple[FillReport, ...] = ()
    moments = [(now, fills)]
    for n in range(draw(st.integers(0, 6))):
        left = now.quantity - now.filled_quantity
        time = OPEN_TIME + n + 1
        if draw(st.booleans()):
            lots = draw(st.integers(1, int(left * 10)))
            quantity = min(left, Decimal(lots) / 10)
            fills += (
                FillReport(
                    KEY, f"t{n}", "BTC/USDT", Side.SELL, quantity, Decimal(100 - n), Decimal("0.1"),
                    False, time,
                ),
            )  # fmt: skip
            now = replace(
                now, filled_quantity=now.filled_quantity + quantity, is_triggered=True,
                event_time=time,
            )  # fmt: skip
            if now.filled_quantity == now.quantity:
                now = replace(now, state=VenueState.FILLED)
        else:
            more = Decimal(draw(st.integers(0, 20))) / 10
            now = replace(
                now, quantity=max(now.quantity, more), stop_price=Decimal(90 + n), event_time=time
            )
        moments.append((now, fills))
        if now.state.is_over:
            return moments
    if draw(st.booleans()):
        ends = (VenueState.CANCELLED, VenueState.EXPIRED)
        now = replace(now, state=draw(st.sampled_from(ends)), event_time=OPEN_TIME + 9)
        moments.append((now, fills))
    return moments


def told(before: Order, words: list[Word], *, settles_ms: int = 0) -> Settled:
    settled = settle_order(
        before, words, settles_ms=settles_ms, now_ms=OPEN_TIME, entry_life_ms=LIFE_MS
    )
    assert reduce(apply_report, settled.reports, before) == settled.order
    assert settled.order.filled_quantity <= settled.order.quantity
    assert len(set(settled.order.trade_ids)) == len(settled.order.trade_ids)
    return settled


@st.composite
def gossip(draw: st.DrawFn) -> tuple[list[list[Word]], Word, tuple[FillReport, ...]]:
    """Return batches of late, doubled, shuffled and missing words of a history, and its truth."""
    moments = draw(histories())
    status, fills = moments[-1]
    said: list[Word] = [status for status, _ in moments]
    pool = st.sampled_from([*said, *fills, NoAnswer(KEY), NotFound(KEY, asked_ms=1)])
    batches = draw(st.lists(st.lists(pool, max_size=6), max_size=6))
    return batches, replace(status, asked_ms=OPEN_TIME), fills


def heard(before: Order, batches: list[list[Word]]) -> Order:
    for words in batches:  # news proves nothing about what is not there: a command is under way
        settled = told(before, words, settles_ms=OPEN_TIME)
        assert not settled.may_send
        assert settled.order.stop_price == before.stop_price  # terms are nobody's news
        before = settled.order
    return before


@given(gossip())
@settings(max_examples=500, deadline=None)
def test_after_an_answer_the_order_is_what_the_venue_has(
    said: tuple[list[list[Word]], Word, tuple[FillReport, ...]],
) -> None:
    batches, answer, fills = said
    assert isinstance(answer, OrderStatusReport)
    for start in (OrderStatus.SUBMITTED, OrderStatus.UNKNOWN, OrderStatus.ACCEPTED):
        before = heard(replace(STOP, status=start), batches)
        settled = told(before, [answer, *fills], settles_ms=OPEN_TIME)
        after = settled.order
        assert not settled.dispute
        assert not settled.may_send
        assert after.filled_quantity == answer.filled_quantity
        assert set(after.trade_ids) == {fill.trade_id for fill in fills}
        assert after.status.is_final == answer.state.is_over
        assert settled.need is Need.NOTHING
        if not answer.state.is_over:
            assert (after.quantity, after.stop_price) == (answer.quantity, answer.stop_price)
        # said again, all of it, it changes nothing more
        again = told(after, [answer, *fills, *chain.from_iterable(batches)], settles_ms=OPEN_TIME)
        assert again.order is after


@given(gossip(), st.integers(OPEN_TIME - 5, OPEN_TIME + 5), st.sampled_from(list(OrderStatus)))
@settings(max_examples=150, deadline=None)
def test_an_order_may_be_sent_only_when_the_venue_proved_that_it_never_had_it(
    said: tuple[list[list[Word]], Word, tuple[FillReport, ...]], asked: int, status: OrderStatus
) -> None:
    batches, _, _ = said
    never = NotFound(KEY, asked)
    for words in [[never], *([never, *batch] for batch in batches)]:
        settled = told(replace(STOP, status=status), words, settles_ms=OPEN_TIME)
        unconfirmed = {OrderStatus.INITIALIZED, OrderStatus.SUBMITTED, OrderStatus.UNKNOWN}
        has_trace = any(isinstance(word, OrderStatusReport | FillReport) for word in words)
        expected = status in unconfirmed and asked >= OPEN_TIME and not has_trace
        assert settled.may_send == expected
        assert not (settled.may_send and settled.order.status.is_final)


@given(histories(), st.permutations(range(6)))
@settings(max_examples=100, deadline=None)
def test_an_end_is_told_after_the_fills_it_counts(
    moments: list[tuple[OrderStatusReport, tuple[FillReport, ...]]], turn: list[int]
) -> None:
    status, fills = moments[-1]
    if not status.state.is_over or not fills:
        return
    before = replace(STOP, status=OrderStatus.ACCEPTED)
    settled = told(before, [replace(status, asked_ms=UNASKED)])
    assert settled.need is Need.FILLS
    assert not settled.order.status.is_final
    for place in turn:
        if place < len(fills):
            settled = told(settled.order, [fills[place], status])
    assert settled.order.status.is_final
    assert settled.need is Need.NOTHING


@given(gossip())
@settings(max_examples=100, deadline=None)
def test_reports_read_from_a_fact_are_those_that_were_written(
    said: tuple[list[list[Word]], Word, tuple[FillReport, ...]],
) -> None:
    _, answer, fills = said
    reports = told(STOP, [NoAnswer(KEY), answer, *fills]).reports
    assert reports_load(json.loads(json.dumps(reports_dump(reports)))) == list(reports)
