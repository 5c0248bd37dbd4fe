from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from trading.market.domain.venue_clock import TimeSource, VenueClock

HOST_S = 5_000.0  # monotonic
VENUE_MS = 1_750_000_000_000.0  # at that moment


def _ask(
    clock: VenueClock,
    at_s: float,
    *,
    out_s: float = 0.05,
    back_s: float = 0.05,
    width_ms: float = 1.0,
    ahead_ms: float = 0.0,
    source: TimeSource = TimeSource.ENDPOINT,
) -> None:
    """One question that leaves at ``at_s`` to a venue whose clock is right, or ``ahead_ms``."""
    truth = VENUE_MS + (at_s + out_s - HOST_S) * 1000 + ahead_ms
    clock.note(
        source,
        sent_s=at_s,
        received_s=at_s + out_s + back_s,
        venue_ms=truth - truth % width_ms,
        width_ms=width_ms,
    )


def test_nobody_told_the_time() -> None:
    time = VenueClock().time(now_s=1.0, host_ms=77)
    assert (time.now_ms, time.skew_ms, time.source) == (77, 0.0, TimeSource.NONE)


@settings(max_examples=50, deadline=None)
@given(
    asks=st.lists(
        st.tuples(st.floats(0.0, 30.0), st.floats(0.0, 3.0), st.floats(0.0, 3.0)),
        min_size=1, max_size=40,
    ),
    width_ms=st.sampled_from([1.0, 1000.0]),
    skew_ms=st.integers(-3_600_000, 3_600_000),
)  # fmt: skip
def test_the_truth_is_always_within_the_bounds(
    asks: list[tuple[float, float, float]], width_ms: float, skew_ms: int
) -> None:
    clock, at = VenueClock(), HOST_S
    for gap, out_s, back_s in asks:
        at += gap
        _ask(clock, at, out_s=out_s, back_s=back_s, width_ms=width_ms)
        at += out_s + back_s
    truth = VENUE_MS + (at - HOST_S) * 1000
    time = clock.time(now_s=at, host_ms=int(truth) + skew_ms)
    assert time.now_ms <= truth + 1 <= time.now_ms + time.error_ms + 3
    assert abs(time.skew_ms - skew_ms) <= time.error_ms / 2 + 3


def test_many_coarse_answers_are_finer_than_one() -> None:
    clock = VenueClock()
    for i in range(12):
        _ask(clock, HOST_S + i * 5.37, width_ms=1000.0, source=TimeSource.HEADER)
    time = clock.time(now_s=HOST_S + 60, host_ms=0)
    assert time.source is TimeSource.HEADER
    assert time.error_ms < 350


def test_the_time_call_counts_more_than_the_header() -> None:
    clock = VenueClock()
    _ask(clock, HOST_S, source=TimeSource.HEADER, ahead_ms=40_000, width_ms=1000.0)
    _ask(clock, HOST_S + 1)
    assert clock.time(now_s=HOST_S + 2, host_ms=0).source is TimeSource.ENDPOINT
    assert abs(clock.time(now_s=HOST_S + 2, host_ms=0).now_ms - VENUE_MS - 2000) < 200


def test_one_odd_answer_moves_nothing_and_two_that_agree_do() -> None:
    clock = VenueClock()
    _ask(clock, HOST_S)
    _ask(clock, HOST_S + 10, ahead_ms=-900_000)
    assert abs(clock.time(now_s=HOST_S + 11, host_ms=0).now_ms - VENUE_MS - 11_000) < 200
    _ask(clock, HOST_S + 20, ahead_ms=-900_000)
    assert abs(clock.time(now_s=HOST_S + 21, host_ms=0).now_ms - VENUE_MS + 879_000) < 200


def test_what_was_told_long_ago_is_forgotten() -> None:
    clock = VenueClock()
    _ask(clock, HOST_S)
    assert clock.time(now_s=HOST_S + 800, host_ms=0).source is TimeSource.ENDPOINT
    assert clock.time(now_s=HOST_S + 2000, host_ms=0).source is TimeSource.NONE
