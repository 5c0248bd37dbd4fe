"""What the desk earned, saved and decided, as totals."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests import factories as make
from trading.base.domain.reasons import Gate, Outcome
from trading.desk.selectors.bots import bot_list, money_summaries
from trading.desk.selectors.decisions import (
    decision_get,
    decision_list,
    decision_list_at,
    outcome_counts,
)
from trading.desk.selectors.equity import MAX_POINTS, equity_curves
from trading.desk.selectors.savings import checkpoint_list, savings_rule, savings_summary

pytestmark = pytest.mark.django_db
T0, STEP = make.START_MS, 300_000
T = "\u202f"


def test_currencies_are_never_added_up() -> None:
    session = make.session(make.feed())
    for strategy in ("breakout", "momentum"):
        make.bot(session, strategy=strategy, equity=Decimal(1100), n_round_trips=2, n_wins=1)
    make.bot(session, "ETH/BTC", bankroll=Decimal("0.02"), equity=Decimal("0.01"))
    usdt, btc = money_summaries(bot_list([session.pk]))
    assert (usdt.quote, usdt.equity, usdt.win_rate_pct) == ("USDT", Decimal(2200), 50)
    assert usdt.return_pct == pytest.approx(10)
    assert (btc.quote, btc.result) == ("BTC", Decimal("-0.01"))
    assert btc.win_rate_pct is None


def test_the_feed_leaves_quiet_bars_out_unless_asked() -> None:
    bot = make.bot(make.session(make.feed()))
    make.decision(bot, Outcome.NO_TRIGGER, open_time=T0)
    make.decision(bot, Outcome.ENTRY_ORDERED, open_time=T0 + STEP)
    make.decision(bot, Outcome.HOLDING, open_time=T0 + 2 * STEP)
    assert [d.kind for d in decision_list([bot.session_id])] == ["acted"]
    assert [d.kind for d in decision_list([bot.session_id], with_quiet=True)] == [
        "quiet", "acted", "quiet"
    ]  # fmt: skip


def test_one_decision_shows_every_gate_and_marks_the_one_that_decided() -> None:
    bot = make.bot(make.session(make.feed()))
    row = make.decision(
        bot,
        Outcome.BELOW_CONVICTION,
        make.passed(Gate.WARM, 80, 60),
        make.failed(Gate.CONVICTION, 0.2, 0.28, Outcome.BELOW_CONVICTION),
        make.failed(Gate.EXPOSURE, 91.5, 80.0, Outcome.EXPOSURE_LIMIT),
        seq=9,
    )
    order = make.order(bot, created_seq=9)
    detail = decision_get(row.pk)
    assert detail is not None
    assert [(g.title, g.is_passed, g.is_decisive) for g in detail.gates] == [
        ("bars seen", True, False),
        ("conviction", False, True),
        ("exposure after the entry", False, False),
    ]
    assert detail.gates[2].observed == f"91.50{T}%"
    assert [o.id for o in detail.orders] == [order.pk]
    assert detail.line.side == "buy"
    assert decision_get(row.pk + 1) is None


def test_the_bar_shows_what_each_bot_of_the_pair_did() -> None:
    session = make.session(make.feed())
    for pair, name in (("BTC/USDT", "breakout"), ("BTC/USDT", "momentum"), ("ETH/USDT", "x")):
        make.decision(make.bot(session, pair, name), Outcome.NO_TRIGGER)
    found = decision_list_at(session.feed_id, "BTC/USDT", T0)
    assert [d.strategy for d in found] == ["breakout", "momentum"]
    assert decision_list_at(session.feed_id, "BTC/USDT", T0 + STEP) == ()


def test_outcomes_are_counted_since_a_time_most_frequent_first() -> None:
    bot = make.bot(make.session(make.feed()))
    for i, outcome in enumerate([Outcome.GAP_COOLDOWN, Outcome.NO_TRIGGER, Outcome.NO_TRIGGER]):
        make.decision(bot, outcome, open_time=T0 + i * STEP)
    make.decision(bot, Outcome.STALE_DATA, open_time=T0 - STEP)
    counts = outcome_counts([bot.session_id], T0)
    assert [(c.outcome, c.count, c.kind) for c in counts] == [
        (Outcome.NO_TRIGGER, 2, "quiet"), (Outcome.GAP_COOLDOWN, 1, "denied")
    ]  # fmt: skip


def test_a_skipped_checkpoint_says_what_would_have_passed() -> None:
    trip = make.round_trip(make.position(make.bot(make.session(make.feed()))), "109.7")
    make.checkpoint(
        trip,
        is_accepted=False,
        skip_reason="checkpoint_below_fee_buffer",
        reserved=Decimal(0),
        candidate=Decimal("1.42"),
        required_min=Decimal("1.87"),
    )
    (view,) = checkpoint_list([trip.session_id])
    assert view.sentence == (
        f"Skipped: slice 1.42{T}USDT is below 1.89 × fees (1.87{T}USDT). "
        f"It would pass from a profit of 12.47{T}USDT."
    )


def test_an_accepted_checkpoint_says_what_was_set_aside_and_from_what() -> None:
    trip = make.round_trip(make.position(make.bot(make.session(make.feed()))), "112.2")
    make.checkpoint(trip)
    (view,) = checkpoint_list([trip.session_id])
    assert view.sentence == (
        f"Reserved 1.80{T}USDT: 15{T}% of 12.00{T}USDT profit, guard 1.23{T}USDT."
    )


def test_a_slice_that_waits_for_its_coin_says_what_it_is_kept_in() -> None:
    bot = make.bot(make.session(make.feed()), "ETH/BTC", bankroll=Decimal("0.02"))
    trip = make.round_trip(make.position(bot, entry="0.05", stop=None), "0.056")
    make.checkpoint(
        trip, token="USDC", profit=Decimal("0.006"), candidate=Decimal("0.0009"),
        reserved=Decimal("0.0009"), required_min=Decimal("0.000614"),
    )  # fmt: skip
    (view,) = checkpoint_list([trip.session_id])
    assert view.sentence == (
        f"Reserved 0.00090000{T}BTC for USDC, still in BTC: 15{T}% of 0.00600000{T}BTC profit, "
        f"guard 0.00061400{T}BTC."
    )


def test_what_would_pass_is_counted_in_the_smallest_payment_of_its_currency() -> None:
    bot = make.bot(make.session(make.feed()), "ETH/BTC", bankroll=Decimal("0.02"))
    trip = make.round_trip(make.position(bot, entry="0.05", stop=None), "0.0501")
    make.checkpoint(
        trip, is_accepted=False, skip_reason="checkpoint_below_fee_buffer", reserved=Decimal(0),
        candidate=Decimal("0.000015"), required_min=Decimal("0.00061551"),
    )  # fmt: skip
    (view,) = checkpoint_list([trip.session_id])
    assert view.sentence.endswith(f"It would pass from a profit of 0.00410340{T}BTC.")


def test_a_desk_out_of_equilibrium_is_named_as_the_reason() -> None:
    trip = make.round_trip(make.position(make.bot(make.session(make.feed()))), "112.2")
    make.checkpoint(trip, is_accepted=False, skip_reason="not_healthy", reserved=Decimal(0))
    (view,) = checkpoint_list([trip.session_id])
    assert "not in equilibrium (score 0.40)" in view.sentence
    assert "would pass" not in view.sentence  # the guard was reached; more profit changes nothing


def test_the_tally_counts_skips_by_reason_and_sums_by_currency() -> None:
    session = make.session(make.feed())
    bots = [make.bot(session, strategy=f"s{i}") for i in range(4)]
    trips = [make.round_trip(make.position(bot), "112.2") for bot in bots]
    make.checkpoint(trips[0])
    make.checkpoint(trips[1], reserved=Decimal("0.7"))
    for trip in trips[2:]:
        make.checkpoint(
            trip, is_accepted=False, reserved=Decimal(0), skip_reason="checkpoint_below_fee_buffer"
        )
    summary = savings_summary([session.pk])
    assert summary.n_accepted == 2
    assert summary.skipped == (("slice below the fee guard", 2),)
    assert summary.reserved == (("USDT", Decimal("2.50")),)
    assert summary.n_total == 4


def test_the_break_even_of_the_plan_is_stated_not_hidden() -> None:
    session = make.session(make.feed())
    assert savings_rule([session.pk]) is None
    make.savings_input(session)
    rule = savings_rule([session.pk])
    assert rule is not None
    assert rule.sentence == (
        f"With the plan's fee guess a profit below 8.19{T}% of notional never passes: "
        f"15{T}% of it must reach 1.89 × the fees."
    )


def test_the_newest_policy_states_the_rule() -> None:
    session = make.session(make.feed())
    make.savings_input(session)
    make.savings_input(session, ratio="0.2", fee_policy="actual_trade_fees")
    rule = savings_rule([session.pk])
    assert rule is not None
    assert rule.sentence == (
        f"Saves 20{T}% of each realised profit when that slice reaches "
        "1.89 × the trade's actual fees."
    )


def test_equity_of_several_sessions_is_summed_at_their_last_known_value() -> None:
    feed = make.feed()
    one, two = make.session(feed), make.session(feed, shard=1)
    make.bot(one)
    make.bot(two, "ETH/USDT")
    make.equity(one, (T0, 1000, 0), (T0 + STEP, 1010, 1), (T0 + 3 * STEP, 1030, 2))
    make.equity(two, (T0 + STEP, 2000, 5), (T0 + 2 * STEP, 1990, 5))
    (curve,) = equity_curves([one.pk, two.pk])
    assert curve.time.tolist() == [T0 + STEP, T0 + 2 * STEP, T0 + 3 * STEP]
    assert curve.equity.tolist() == [3010, 3000, 3020]
    assert curve.reserved.tolist() == [6, 6, 7]
    assert curve.bankroll == Decimal(2000)


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    session = make.session(make.feed())
    make.bot(session)
    make.equity(session, *((T0 + i, float(i), 0.0) for i in range(3 * MAX_POINTS)))
    (curve,) = equity_curves([session.pk])
    assert len(curve.time) <= MAX_POINTS
    assert (curve.equity[0], curve.equity[-1]) == (0, 3 * MAX_POINTS - 1)


def test_a_session_of_two_currencies_has_a_curve_in_each() -> None:
    session = make.session(make.feed())
    make.bot(session, "ETH/BTC", bankroll=Decimal("0.02"))
    make.bot(session)
    make.bot(session, "ETH/USDT")
    make.equity(session, (T0, 2000, 5), (T0 + STEP, 2010, 5))
    make.equity(session, (T0, 0.02, 0), (T0 + STEP, 0.021, 0.0001), quote="BTC")
    usdt, btc = equity_curves([session.pk])
    assert (usdt.quote, usdt.equity.tolist(), usdt.bankroll) == ("USDT", [2000, 2010], 2000)
    assert (btc.quote, btc.equity.tolist(), btc.bankroll) == ("BTC", [0.02, 0.021], Decimal("0.02"))
    assert btc.reserved.tolist() == [0, 0.0001]
    assert equity_curves([]) == ()
