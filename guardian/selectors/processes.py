"""Which processes of the desk run, as the supervisor sees them."""

from __future__ import annotations

from collections.abc import Sequence

from guardian.domain.processes import GIVEN_UP, ProcessState
from guardian.ports.supervisor import Supervisor


def process_list(*, supervisor: Supervisor) -> Sequence[ProcessState]:
    """Return every supervised process in start order; empty when the desk is not up."""
    return supervisor.states()


def process_changes(before: Sequence[ProcessState], after: Sequence[ProcessState]) -> list[str]:
    """Return one sentence per process that ended, was started again, or was given up on."""
    known = {state.name: state for state in before}
    pairs = ((known[state.name], state) for state in after if state.name in known)
    return [sentence for old, new in pairs if (sentence := _change(old, new))]


def _change(old: ProcessState, new: ProcessState) -> str:
    if new.is_alive and old.is_alive:
        is_same = new.pid == old.pid
        return "" if is_same else f"{new.name} ended as {old.pid} and runs again as {new.pid}"
    if new.is_alive:
        return f"{new.name} runs again as process {new.pid}"
    if old.is_alive:
        return f"{new.name} ended ({new.description or new.state.lower()})"
    if new.state == GIVEN_UP and old.state != GIVEN_UP:
        return f"{new.name} keeps ending and is left alone for a minute"
    return ""
