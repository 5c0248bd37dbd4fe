"""Wait until a started desk is healthy, watch it, and drain it.

Time, supervisor and probes come from outside, so that a test runs an hour of this in a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from guardian.domain.processes import GIVEN_UP, STOP_WAIT_S, Group, ProcessState, Program
from guardian.ports.probes import Probes
from guardian.ports.supervisor import Keeper, Supervisor
from guardian.selectors.processes import process_changes, process_list
from trading.base.domain.errors import TradingError
from trading.base.ports.clock import Clock

POLL_S = 0.25
WATCH_S = 1.0
HEALTHY_WITHIN_S = 120.0
NAMED_EVERY_S = 10.0  # what is waited for is named this often
RETRY_BROKEN_S = 60.0  # a child the supervisor gave up on is tried again this often
# Every group may use its whole time, and the supervisor needs a moment for itself.
DRAINED_WITHIN_S = len(Group) * STOP_WAIT_S + 10.0
SETTLED_AFTER_S = 3  # alive so long, a child that answers no question counts as ready


class DeskStartError(TradingError):
    """A part of the desk did not become healthy; the message names it and its log."""

    code = "desk_not_healthy"


@dataclass(frozen=True, slots=True)
class Desk:
    """A started desk.

    Attributes:
        programs: what was started, first to start first.
        supervisor: keeps the programs.
        keeper: the supervisor's own process.
        probes: tell whether a part does its work.
        clock: for time-outs.
        pause: waits that many seconds; True when the operator asked to stop meanwhile.
        say: takes one line for the operator.
        log_dir: named in refusals.
    """

    programs: Sequence[Program]
    supervisor: Supervisor
    keeper: Keeper
    probes: Probes
    clock: Clock
    pause: Callable[[float], bool]
    say: Callable[[str], None]
    log_dir: str


def desk_wait(desk: Desk) -> bool:
    """Wait until every part does its work; return False when asked to stop first.

    Raises:
        DeskStartError: a part was given up on, the supervisor ended, or time ran out.
    """
    begun = desk.clock.monotonic()
    missing, tell_at = [program.name for program in desk.programs], NAMED_EVERY_S
    while missing:
        if desk.keeper.has_ended():
            raise DeskStartError(f"the supervisor ended at once; see {desk.log_dir}")
        states = {state.name: state for state in process_list(supervisor=desk.supervisor)}
        _refuse_broken(states, desk.log_dir)
        healthy = _healthy(missing, states, desk.probes)
        elapsed = desk.clock.monotonic() - begun
        for name in healthy:
            desk.say(f"ready after {elapsed:4.1f} s: {name}")
        missing = [name for name in missing if name not in healthy]
        if missing and elapsed > HEALTHY_WITHIN_S:
            raise DeskStartError(
                f"not healthy after {elapsed:.0f} s: {', '.join(missing)}; see {desk.log_dir}"
            )
        if missing and elapsed >= tell_at:
            tell_at += NAMED_EVERY_S
            waited = ", ".join(_how_it_is(name, states) for name in missing)
            desk.say(f"not yet after {elapsed:.0f} s: {waited}; see {desk.log_dir}")
        if missing and desk.pause(POLL_S):
            return False
    return True


def _how_it_is(name: str, states: dict[str, ProcessState]) -> str:
    state = states.get(name)
    if state is None or state.is_alive:
        return name
    return f"{name} ({state.description or state.state.lower()})"


def _refuse_broken(states: dict[str, ProcessState], log_dir: str) -> None:
    for state in states.values():
        if state.state == GIVEN_UP:
            raise DeskStartError(
                f"{state.name} does not start ({state.description}); see {log_dir}/{state.name}.log"
            )


def _healthy(names: Sequence[str], states: dict[str, ProcessState], probes: Probes) -> list[str]:
    alive = [name for name in names if name in states and states[name].is_alive]
    has_worker = any(name.startswith("worker-") for name in alive)
    queues = probes.queues_answering() if has_worker else frozenset()
    return [name for name in alive if _is_healthy(states[name], queues, probes)]


def _is_healthy(state: ProcessState, queues: frozenset[str], probes: Probes) -> bool:
    if state.name == "redis":
        return probes.redis_answers()
    if state.name == "web":
        return probes.web_answers()
    if state.name.startswith("worker-"):
        return state.name.removeprefix("worker-") in queues
    return state.up_s >= SETTLED_AFTER_S


def desk_watch(desk: Desk) -> bool:
    """Tell what changes until asked to stop; return False when the supervisor ended by itself."""
    before = process_list(supervisor=desk.supervisor)
    tried_at: dict[str, float] = {}
    while not desk.pause(WATCH_S):
        if desk.keeper.has_ended():
            return False
        after = process_list(supervisor=desk.supervisor)
        for sentence in process_changes(before, after):
            desk.say(sentence)
        _retry_broken(desk, after, tried_at)
        before = after or before
    return True


def _retry_broken(desk: Desk, states: Sequence[ProcessState], tried_at: dict[str, float]) -> None:
    now = desk.clock.monotonic()
    for state in states:
        if state.state == GIVEN_UP and now - tried_at.setdefault(state.name, now) >= RETRY_BROKEN_S:
            tried_at[state.name] = now
            desk.say(f"{state.name} is tried again")
            desk.supervisor.start_again(state.name)


def desk_drain(desk: Desk, *, sleep: Callable[[float], None]) -> bool:
    """Stop everything, sources first and Redis last; return False when it took a kill."""
    begun = desk.clock.monotonic()
    before = process_list(supervisor=desk.supervisor)
    desk.supervisor.shut_down()
    while not desk.keeper.has_ended():
        if desk.clock.monotonic() - begun > DRAINED_WITHIN_S:
            desk.keeper.kill()
            return False
        after = process_list(supervisor=desk.supervisor)
        for sentence in process_changes(before, after):
            desk.say(sentence)
        before = after or before
        sleep(POLL_S)
    return True
