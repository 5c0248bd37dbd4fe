"""The days a study is about: windows end where the holdout begins, and every page says when."""

from __future__ import annotations

import json

import numpy as np
import pytest

from optimizer.domain.study.stretches import (
    Stretch,
    Stretches,
    cut_warnings,
    left_out,
    stretches_cut,
    stretches_read,
    walk_forward_sentence,
)

STEP_MS = 3_600_000
DAY_MS = 86_400_000
FIRST = 1_735_689_600_000  # 2025-01-01, midnight
TIMES = FIRST + STEP_MS * np.arange(100 * 24, dtype=np.int64)  # to the end of 2025-04-10


def test_a_window_counts_back_from_where_the_holdout_begins() -> None:
    found = stretches_cut(TIMES, STEP_MS, ("30d", "all"), 0.2)
    assert found.lines == [
        ("30d", "2025-02-19 to 2025-03-21"),
        ("all", "2025-01-01 to 2025-03-21"),
        ("holdout", "2025-03-22 to 2025-04-10"),
    ]
    month = found.window("30d")
    assert month is not None
    assert found.holdout is not None
    assert month.ends == found.holdout.begins == FIRST + 80 * DAY_MS
    assert found.holdout.ends == FIRST + 100 * DAY_MS
    assert month.times == {"from": "2025-02-19T23:00:00Z", "to": "2025-03-22T00:00:00Z"}
    assert found.counted_from == "where the holdout begins"
    assert found.window("1y") is None


def test_without_a_holdout_a_window_counts_back_from_the_end() -> None:
    found = stretches_cut(TIMES, STEP_MS, ("1y",), 0.0)
    assert found.lines == [("1y", "2025-01-01 to 2025-04-10")]
    assert found.counted_from == "the end of the candles"


@pytest.mark.parametrize(
    ("label", "share", "said"),
    [
        ("9999d", 0.2, "window 9999d holds 80 days: there are no more candles before the holdout"),
        ("1y", 0.0, "window 1y holds 100 days: there are no more candles"),
        ("101d", 0.0, "window 101d holds 100 days: there are no more candles"),
        ("100d", 0.0, ""),  # a bar less than a day shorter: the candles are of these days
        ("80d", 0.2, ""),
        ("30d", 0.2, ""),
        ("all", 0.2, ""),
    ],
)
def test_a_window_that_lacks_a_day_or_more_is_said_to(label: str, share: float, said: str) -> None:
    found = stretches_cut(TIMES, STEP_MS, (label,), share)
    assert cut_warnings(found, FIRST) == ((said,) if said else ())


def test_every_window_that_is_cut_has_its_sentence_and_a_hole_cuts_none() -> None:
    labels = ("3d", "30d", "all")
    few = stretches_cut(TIMES[:220], STEP_MS, labels, 0.0)
    assert [line.split(":")[0] for line in cut_warnings(few, FIRST)] == [
        "window 30d holds 9.1 days"
    ]
    holed = np.concatenate([TIMES[:240], TIMES[1_200:]])
    assert cut_warnings(stretches_cut(holed, STEP_MS, ("60d",), 0.0), FIRST) == ()


@pytest.mark.parametrize(
    ("n_bars", "days"),
    [
        (24, "1 day"),
        (71, "2.9 days"),
        (72, "3 days"),
        (239, "9.9 days"),
        (24 * 556 - 1, "555 days"),
    ],
)
def test_no_more_days_are_said_than_there_are(n_bars: int, days: str) -> None:
    window = Stretch("9999d", FIRST, FIRST + n_bars * STEP_MS)
    (line,) = cut_warnings(Stretches((window,)), FIRST)
    assert line == f"window 9999d holds {days}: there are no more candles"


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_what_is_stored_is_read_again_in_the_study_s_order(share: float) -> None:
    labels = ("7d", "30d", "all")
    made = stretches_cut(TIMES, STEP_MS, labels, share)
    stored = json.loads(json.dumps(made.as_json(), sort_keys=True))
    assert stretches_read(stored, labels) == made
    assert stretches_read({}, labels) == Stretches()


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0.0, "nothing left out between"),
        (1.0, "1 day left out between"),
        (2.5, "2.5 days left out between"),
        (30.0, "30 days left out between"),
    ],
)
def test_the_embargo_is_said_as_it_was(days: float, words: str) -> None:
    assert left_out(days) == words
    assert words in walk_forward_sentence(days)
