"""Late and corrected bars decide nothing, and a session that breaks off says so and comes back."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from tests.integration.sessions.market import STEP_MS, open_session, series
from tests.integration.sessions.running import run_to_end
from trading.base.adapters.system_clock import SystemClock
from trading.desk.models import Decision, DeskSession, RoundTrip, SessionLease
from trading.desk.services.journal.explain import decision_explain
from trading.desk.services.journal.verify import session_verify
from trading.desk.services.sessions.runner import FAILURES_MAX, RunEnd
from trading.desk.services.sessions.supervision import sessions_without_worker
from trading.market.models import BarRevision, StreamBar

pytestmark = pytest.mark.django_db(transaction=True)
N = 400


def _correct(session: DeskSession, seq: int) -> None:
    """Correct a bar behind the back of the session, as the stream does."""
    row = StreamBar.objects.get(feed=session.feed, seq=seq)
    old = [row.open, row.high, row.low, row.close, row.volume, row.flags]
    row.high, row.volume, row.flags = row.high * 1.5, row.volume * 2, row.flags | 4
    row.save()
    new = [row.open, row.high, row.low, row.close, row.volume, row.flags]
    BarRevision.objects.create(
        bar=row, feed=session.feed, old=old, new=new, made_at=session.created_at
    )


def _late(session: DeskSession, pair: str, time: int) -> None:
    seq = session.feed.bars.order_by("-seq").values_list("seq", flat=True)[0] + 1
    n = session.feed.bars.filter(pair=pair).count() + 1
    StreamBar.objects.create(
        feed=session.feed, seq=seq, pair=pair, n=n, open_time=time,
        open=1.0, high=9.0, low=0.5, close=2.0, volume=1.0, flags=32,
    )  # fmt: skip


def test_sessions_before_and_after_a_correction_decide_the_same() -> None:
    bars = series(N)
    plain, first = open_session(bars, "plain"), open_session(bars, "corrected")
    run_to_end(plain.pk)
    for seq in (50, 51, 300, 300):
        _correct(first, seq)
    run_to_end(first.pk)
    plain.refresh_from_db()
    first.refresh_from_db()
    assert first.digest == plain.digest
    assert RoundTrip.objects.filter(bot__session=first).count() > 0
    report = session_verify(session_id=first.pk)
    assert (report.mismatches, report.is_digest_equal) == (0, True)
    shown = decision_explain(
        pair="AAA/USDT", at_ms=StreamBar.objects.get(feed=first.feed, seq=51).open_time,
        strategy="", session_id=first.pk,
    )  # fmt: skip
    assert shown["inputs"]["bar"]["high"] == StreamBar.objects.get(feed=plain.feed, seq=51).high


def test_a_recovery_after_a_correction_reaches_the_stored_digest() -> None:
    session, steps = open_session(series(N), is_finished=False), Counter[str]()
    end = run_to_end(
        session.pk,
        hook=lambda point: steps.update([point]),
        should_stop=lambda: steps["stepped"] == N,  # bar times
    )
    assert end is RunEnd.HANDED_OVER
    session.refresh_from_db()
    assert session.cursor_seq == 2 * N
    _correct(session, 3)
    session.snapshots.all().delete()
    session.feed.status = "finished"
    session.feed.save()
    assert run_to_end(session.pk) is RunEnd.FINISHED


def test_late_bars_are_decided_on_by_nobody() -> None:
    session = open_session(series(N), is_finished=False)
    times = sorted(set(session.feed.bars.values_list("open_time", flat=True)))
    for i in range(600):  # more than one read of the session
        _late(session, "AAA/USDT", times[0] - (i + 1) * STEP_MS)
    more = StreamBar.objects.get(feed=session.feed, seq=2 * N)
    StreamBar.objects.create(
        feed=session.feed, seq=2 * N + 601, pair="BBB/USDT", n=N + 1,
        open_time=more.open_time + STEP_MS, open=more.close, high=more.close * 1.01,
        low=more.close * 0.99, close=more.close, volume=9.0,
    )  # fmt: skip
    session.feed.last_seq, session.feed.status = 2 * N + 601, "finished"
    session.feed.save()
    assert run_to_end(session.pk) is RunEnd.FINISHED
    session.refresh_from_db()
    assert session.cursor_seq == 2 * N + 601
    assert not Decision.objects.filter(seq__range=(2 * N + 1, 2 * N + 600)).exists()
    assert session_verify(session_id=session.pk).mismatches == 0


def _fail_at(point: str) -> object:
    def hook(name: str) -> None:
        if name == point:
            raise ZeroDivisionError("a bar like no other")

    return hook


def test_an_unexpected_error_is_a_status_with_a_reason_and_tried_again_later() -> None:
    session = open_session(series(60))
    assert run_to_end(session.pk, hook=_fail_at("stepped")) is RunEnd.BROKE_OFF
    session.refresh_from_db()
    assert (session.status, session.n_failures) == ("waiting", 1)
    assert session.status_reason == (
        "broke off once, again in 5 s: ZeroDivisionError: a bar like no other"
    )
    now = SystemClock().now()
    assert session.pk not in sessions_without_worker(now=now)
    assert session.pk in sessions_without_worker(now=now + timedelta(seconds=6))
    SessionLease.objects.update(expires_at=None)
    assert run_to_end(session.pk) is RunEnd.FINISHED
    session.refresh_from_db()
    assert (session.n_failures, session.status_reason) == (0, "")
    assert session_verify(session_id=session.pk).mismatches == 0


def test_a_session_that_never_comes_further_has_failed_and_the_others_go_on() -> None:
    broken, sound = open_session(series(60), "broken"), open_session(series(60), "sound")
    for _ in range(FAILURES_MAX - 1):
        assert run_to_end(broken.pk, hook=_fail_at("stepped")) is RunEnd.BROKE_OFF
        SessionLease.objects.update(expires_at=None)
    assert run_to_end(broken.pk, hook=_fail_at("stepped")) is RunEnd.FAILED
    broken.refresh_from_db()
    assert broken.status == "failed"
    assert broken.status_reason == (
        "6 runs in a row broke off, the last with ZeroDivisionError: a bar like no other"
    )
    assert run_to_end(sound.pk) is RunEnd.FINISHED
