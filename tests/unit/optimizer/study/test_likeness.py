"""A market is recognised in other files of it, and taken for no other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimizer.domain.study.likeness import PricePath, path_of, path_read, share_seen
from tests.factories import markets
from trading.market.domain.bars import CLOSE, BarArrays, FloatArray

STEP_MS, DAY = markets.STEP_MS, markets.DAY
WHOLE = markets.random_walk(1, 90 * DAY)


def path(bars: BarArrays, step_ms: int = STEP_MS) -> PricePath:
    stored = path_read(path_of(bars, step_ms).as_json())
    assert stored is not None
    return stored


def closes(bars: BarArrays, close: FloatArray) -> BarArrays:
    values = bars.values.copy()
    values[CLOSE] = close
    return replace(bars, values=values)


def every(bars: BarArrays, n: int) -> BarArrays:
    """Return bars ``n`` times as long, as far as their closes go."""
    first = int(-(bars.open_time[0] // STEP_MS) % n)
    at = np.arange(first + n - 1, len(bars), n)
    values = np.ascontiguousarray(bars.values[:, at])
    return BarArrays(bars.open_time[at - n + 1], values, bars.flags[at])


@pytest.mark.parametrize("n", [3, 12, 48, 288])
def test_other_lengths_of_bars_are_the_same_market(n: int) -> None:
    own, other = path(WHOLE), path(every(WHOLE, n), n * STEP_MS)
    assert share_seen(own, other) > 0.97
    assert share_seen(other, own) == 1.0


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x * 1e-9,
        lambda x: x * 1e12,
        lambda x: np.round(x, 2 - int(np.floor(np.log10(x.mean())))),
        lambda x: x * (1 + np.random.default_rng(1).normal(0, 0.002, x.size)),
    ],
    ids=["smaller", "larger", "three digits", "another venue"],
)
def test_other_units_digits_and_venues_are_the_same_market(change) -> None:
    other = path(closes(WHOLE, change(WHOLE.values[CLOSE])))
    assert share_seen(path(WHOLE), other) == share_seen(other, path(WHOLE)) == 1.0


def test_a_share_is_of_the_days_both_have() -> None:
    whole = path(WHOLE)
    part = path(WHOLE.slice(30 * DAY, 60 * DAY))
    assert share_seen(whole, part) == pytest.approx(1 / 3, abs=0.03)
    assert share_seen(part, whole) == 1.0
    early, late = path(WHOLE.slice(0, 40 * DAY)), path(WHOLE.slice(50 * DAY, 90 * DAY))
    assert share_seen(early, late) == 0.0


def test_short_files_are_recognised_in_long_ones() -> None:
    long = path(markets.random_walk(2, 500 * DAY))
    short = path(markets.random_walk(2, 500 * DAY).slice(100 * DAY + 77, 112 * DAY + 33))
    assert long.slot_ms > short.slot_ms
    assert share_seen(short, long) == 1.0
    assert 0.01 < share_seen(long, short) < 0.04


@pytest.mark.parametrize("hours", [-11.0, -5.0, 1.0, 5.5, 8.0, 13.0])
@pytest.mark.parametrize("days", [20, 90, 400])
def test_local_times_are_the_same_market(hours: float, days: int) -> None:
    whole = markets.random_walk(1, days * DAY)
    moved = replace(whole, open_time=whole.open_time + int(hours * 3_600_000))
    assert share_seen(path(whole), path(moved)) > 0.9
    assert share_seen(path(moved), path(whole)) > 0.9


def test_the_other_direction_is_the_same_market() -> None:
    other = path(closes(WHOLE, 1 / WHOLE.values[CLOSE]))
    assert share_seen(path(WHOLE), other) == share_seen(other, path(WHOLE)) == 1.0


def test_other_markets_are_not() -> None:
    own = path(WHOLE)
    for seed in range(2, 40):
        walk = markets.random_walk(seed, 90 * DAY)
        assert share_seen(own, path(walk)) == 0.0
        assert share_seen(own, path(walk.slice(DAY, 3 * DAY))) == 0.0
    jitter = [
        replace(WHOLE, values=np.full((5, len(WHOLE)), 1.0) * np.exp(noise))
        for noise in (np.random.default_rng(seed).normal(0, 0.001, len(WHOLE)) for seed in (1, 2))
    ]
    assert share_seen(path(jitter[0]), path(jitter[1])) == 0.0
    rng = np.random.default_rng(5)
    beside = WHOLE.values[CLOSE] * np.exp(np.cumsum(rng.normal(0, 0.0015, len(WHOLE))))
    assert share_seen(own, path(closes(WHOLE, beside))) == 0.0


def test_nothing_stored_is_no_path() -> None:
    assert path_read({}) is None
