"""Folding bars one by one over a socket shows the same candles as folding them all at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dashboard.pages.overview.buckets import Bucket, BucketTracker
from trading.market.domain.bars import BarArrays
from trading.market.domain.series.aggregate import bars_aggregate

BASE = 300_000


def base_bars(seed: int, steps: list[int]) -> BarArrays:
    rng = np.random.default_rng(seed)
    n = len(steps)
    close = 100 + np.cumsum(rng.normal(0, 1, n))
    open_ = close + rng.normal(0, 0.5, n)
    high = np.maximum(open_, close) + 0.3
    low = np.minimum(open_, close) - 0.3
    values = np.array([open_, high, low, close, rng.uniform(1, 9, n)])
    return BarArrays(np.cumsum(steps) * BASE, values, np.zeros(n, dtype=np.uint8))


def message(bars: BarArrays, i: int, *, closed: bool = True) -> dict[str, Any]:
    o, h, low, c, v = bars.values[:, i].tolist()
    return {
        "kind": "bar", "feed": 1, "pair": "A/B", "n": i + 1, "t": int(bars.open_time[i]),
        "o": o, "h": h, "l": low, "c": c, "v": v, "closed": closed, "flags": 0,
    }  # fmt: skip


def snapshot_tracker(
    bars: BarArrays, upto: int, ratio: int
) -> tuple[BucketTracker, dict[int, Any]]:
    folded = bars_aggregate(bars.slice(0, upto), step_ms=BASE, target_ms=ratio * BASE)
    shown = {int(t): folded.bars.values[:, k].tolist() for k, t in enumerate(folded.bars.open_time)}
    last = None
    if upto:
        k = len(folded.bars) - 1
        last = Bucket(k + 1, int(folded.bars.open_time[k]), *folded.bars.values[:, k].tolist())
    tracker = BucketTracker(ratio * BASE, BASE, last, upto, is_open=folded.is_partial)
    return tracker, shown


steps = st.lists(st.sampled_from([1, 1, 1, 1, 2, 5, 13]), min_size=1, max_size=60)


@given(st.integers(0, 10_000), steps, st.sampled_from([2, 3, 12]), st.data())
def test_bar_by_bar_equals_all_at_once(
    seed: int, gaps: list[int], ratio: int, data: st.DataObject
) -> None:
    bars = base_bars(seed, gaps)
    upto = data.draw(st.integers(0, len(bars)))
    tracker, shown = snapshot_tracker(bars, upto, ratio)
    for i in range(upto, len(bars)):
        for out in tracker.fold(message(bars, i)) or []:
            shown[out["t"]] = [out["o"], out["h"], out["l"], out["c"], out["v"]]
    whole = bars_aggregate(bars, step_ms=BASE, target_ms=ratio * BASE).bars
    assert list(shown) == whole.open_time.tolist()
    assert np.allclose(np.array(list(shown.values())).T, whole.values, rtol=1e-12)


@given(st.integers(0, 10_000), steps, st.sampled_from([2, 3, 12]), st.data())
def test_the_client_never_sees_a_hole_in_the_numbers(
    seed: int, gaps: list[int], ratio: int, data: st.DataObject
) -> None:
    bars = base_bars(seed, gaps)
    upto = data.draw(st.integers(0, len(bars)))
    folded = bars_aggregate(bars.slice(0, upto), step_ms=BASE, target_ms=ratio * BASE)
    tracker, _ = snapshot_tracker(bars, upto, ratio)
    closed_n = len(folded.bars) - folded.is_partial
    for i in range(upto, len(bars)):
        for out in tracker.fold(message(bars, i)) or []:
            assert out["n"] == closed_n + 1
            closed_n += out["closed"]


def test_a_forming_bar_is_shown_but_not_kept() -> None:
    bars = base_bars(1, [3, 1, 1])
    tracker, _ = snapshot_tracker(bars, 1, 3)
    forming = message(bars, 1, closed=False) | {"h": 999.0}
    assert tracker.fold(forming)[0]["h"] == 999.0  # type: ignore[index]
    assert tracker.fold(message(bars, 1))[0]["h"] < 999.0  # type: ignore[index]


def test_a_repeated_bar_changes_nothing_and_a_missing_one_is_noticed() -> None:
    bars = base_bars(1, [3, 1, 1, 1])
    tracker, _ = snapshot_tracker(bars, 2, 3)
    assert tracker.fold(message(bars, 1)) == []
    assert tracker.fold(message(bars, 3)) is None
