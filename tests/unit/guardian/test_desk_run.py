"""Waiting, watching and draining, with a supervisor, probes and time that tests control."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from guardian.domain.processes import Group, ProcessState, Program
from guardian.services.desk_run import (
    DRAINED_WITHIN_S,
    HEALTHY_WITHIN_S,
    RETRY_BROKEN_S,
    Desk,
    DeskStartError,
    desk_drain,
    desk_wait,
    desk_watch,
)

NAMES = ("redis", "web", "worker-desk", "stream")


@dataclass
class FakeClock:
    seconds: float = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def now_ms(self) -> int:
        return int(self.seconds * 1000)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class FakeSupervisor:
    clock: FakeClock
    state_of: Callable[[str, float], str]
    started_again: list[str] = field(default_factory=list)
    is_shut_down: bool = False

    def is_answering(self) -> bool:
        return True

    def states(self) -> Sequence[ProcessState]:
        now = self.clock.seconds
        return [
            ProcessState(name, self.state_of(name, now), 7, int(now), "Exited too quickly")
            for name in NAMES
        ]

    def start_again(self, name: str) -> None:
        self.started_again.append(name)

    def shut_down(self) -> None:
        self.is_shut_down = True


@dataclass
class FakeProbes:
    clock: FakeClock
    web_from: float = 0.0
    queues: frozenset[str] = frozenset({"desk"})

    def redis_answers(self) -> bool:
        return True

    def web_answers(self) -> bool:
        return self.clock.seconds >= self.web_from

    def queues_answering(self) -> frozenset[str]:
        return self.queues


@dataclass
class FakeKeeper:
    clock: FakeClock
    ends_at: float = float("inf")
    is_killed: bool = False

    def has_ended(self) -> bool:
        return self.clock.seconds >= self.ends_at

    def kill(self) -> None:
        self.is_killed = True


@dataclass
class Bench:
    """A desk of fakes; ``stops_at`` is when the operator presses Ctrl-C."""

    stops_at: float = float("inf")
    state_of: Callable[[str, float], str] = lambda _name, _now: "RUNNING"
    clock: FakeClock = field(default_factory=FakeClock)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.supervisor = FakeSupervisor(self.clock, self.state_of)
        self.keeper = FakeKeeper(self.clock)
        self.probes = FakeProbes(self.clock)

    def pause(self, seconds: float) -> bool:
        self.clock.seconds += seconds
        return self.clock.seconds >= self.stops_at

    def sleep(self, seconds: float) -> None:
        self.clock.seconds += seconds

    @property
    def desk(self) -> Desk:
        return Desk(
            programs=[Program(name, Group.WEB, ("true",)) for name in NAMES],
            supervisor=self.supervisor,
            keeper=self.keeper,
            probes=self.probes,
            clock=self.clock,
            pause=self.pause,
            say=self.said.append,
            log_dir="/logs",
        )


def test_it_waits_until_every_part_does_its_work() -> None:
    bench = Bench()
    bench.probes.web_from = 9.0
    assert desk_wait(bench.desk)
    assert bench.clock.seconds == pytest.approx(9.0)
    assert bench.said[-1].endswith("web")


def test_a_worker_that_does_not_answer_is_not_ready_though_it_runs() -> None:
    bench = Bench()
    bench.probes.queues = frozenset({"ml"})
    with pytest.raises(DeskStartError, match="worker-desk"):
        desk_wait(bench.desk)
    assert bench.clock.seconds > HEALTHY_WITHIN_S


def test_a_part_the_supervisor_gave_up_on_ends_the_wait_at_once() -> None:
    bench = Bench(state_of=lambda name, _now: "FATAL" if name == "web" else "RUNNING")
    with pytest.raises(DeskStartError, match=r"/logs/web\.log"):
        desk_wait(bench.desk)
    assert bench.clock.seconds == 0


def test_a_supervisor_that_ends_while_starting_is_an_error() -> None:
    bench = Bench()
    bench.keeper.ends_at = 0.0
    with pytest.raises(DeskStartError, match="supervisor ended"):
        desk_wait(bench.desk)


def test_the_operator_can_stop_the_wait() -> None:
    bench = Bench(stops_at=2.0)
    bench.probes.web_from = 60.0
    assert not desk_wait(bench.desk)


def test_watching_ends_when_asked_and_tells_when_the_supervisor_died() -> None:
    assert desk_watch(Bench(stops_at=30.0).desk)
    bench = Bench()
    bench.keeper.ends_at = 5.0
    assert not desk_watch(bench.desk)


def test_a_broken_part_is_tried_again_every_minute() -> None:
    bench = Bench(
        stops_at=RETRY_BROKEN_S * 2.5,
        state_of=lambda name, _now: "FATAL" if name == "stream" else "RUNNING",
    )
    assert desk_watch(bench.desk)
    assert bench.supervisor.started_again == ["stream", "stream"]


def test_draining_waits_for_the_supervisor_to_finish() -> None:
    bench = Bench()
    bench.keeper.ends_at = 12.0
    assert desk_drain(bench.desk, sleep=bench.sleep)
    assert bench.supervisor.is_shut_down
    assert not bench.keeper.is_killed


def test_a_desk_that_does_not_drain_is_killed_in_the_end() -> None:
    bench = Bench()
    assert not desk_drain(bench.desk, sleep=bench.sleep)
    assert bench.keeper.is_killed
    assert bench.clock.seconds > DRAINED_WITHIN_S
