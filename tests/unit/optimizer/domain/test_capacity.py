"""Workers are given as cores, memory and trials in flight allow, and the reason is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.domain.study.capacity import (
    RESERVED_MB,
    Room,
    WorkersGiven,
    worker_mb,
    workers_in,
)
from optimizer.services.studies.run.chunks import chunks_in_flight

LARGE = Room(cores=64, memory_mb=500_000.0)


def given_of(
    asked: int | None,
    *,
    room: Room = LARGE,
    share: float = 0.9,
    n_bars: int = 200_000,
    in_flight: int = 1_000,
) -> WorkersGiven:
    return workers_in(room, asked=asked, share=share, n_bars=n_bars, in_flight=in_flight)


@pytest.mark.parametrize(
    ("asked", "changes", "expected", "why"),
    [
        (3, {}, 3, ""),
        (64, {}, 64, ""),
        (None, {}, 57, ""),
        (None, {"share": 0.01}, 1, ""),
        (512, {"room": Room(2, 24_000.0)}, 2, "this machine grants 2 cores"),
        (3, {"room": Room(1, None)}, 1, "this machine grants 1 core"),
        (64, {"in_flight": 10}, 10, "10 chunks of trials can be in flight"),
        (None, {"in_flight": 1}, 1, "1 chunk of trials can be in flight"),
        (
            64,
            {"room": Room(64, 4_000.0)},
            5,
            "4,000 MiB of memory are free and one takes up to 546",
        ),
        (4, {"room": Room(4, 10.0)}, 1, "10 MiB of memory are free"),
    ],
)
def test_the_smallest_limit_decides_and_is_said(
    asked: int | None, changes: dict[str, object], expected: int, why: str
) -> None:
    found = given_of(asked, **changes)  # type: ignore[arg-type]
    assert found.given == expected
    assert found.why.startswith(why)
    assert bool(found.sentence) == bool(why)


def test_the_sentence_says_what_was_asked_and_what_was_given() -> None:
    found = given_of(512, room=Room(2, 24_000.0))
    assert found.sentence == (
        "512 workers were asked for, 2 were given: this machine grants 2 cores"
    )
    assert found.as_dict() == {"asked": 512, "given": 2, "why": "this machine grants 2 cores"}


@given(
    asked=st.none() | st.integers(1, 512),
    cores=st.integers(1, 128),
    memory=st.none() | st.floats(0, 1e6),
    in_flight=st.integers(1, 500),
    n_bars=st.integers(0, 5_000_000),
)
def test_never_more_than_any_limit_and_never_none(
    asked: int | None, cores: int, memory: float | None, in_flight: int, n_bars: int
) -> None:
    room = Room(cores, memory)
    found = given_of(asked, room=room, n_bars=n_bars, in_flight=in_flight)
    assert 1 <= found.given <= min(asked or cores, cores, in_flight)
    if memory is not None and found.given > 1:
        assert found.given * worker_mb(n_bars) <= memory - RESERVED_MB
    assert bool(found.why) == (found.given < (asked or max(1, int(cores * 0.9))))


def test_chunks_in_flight_are_those_of_two_batches_or_of_the_trials_left() -> None:
    assert chunks_in_flight(40, 10_000) == 20
    assert chunks_in_flight(40, 12) == 3
    assert chunks_in_flight(40, 0) == 1
