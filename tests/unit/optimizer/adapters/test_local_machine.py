"""What a machine refuses before it starts anything, and what it keeps between chunks."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from optimizer.adapters.workers import machine as machine_module
from optimizer.adapters.workers.blobs import MachineData, blob_store, candles_pack
from optimizer.adapters.workers.machine import LocalMachine
from optimizer.adapters.workers.requests import (
    Basis,
    costs_encode,
    outcome_decode,
    request_encode,
)
from optimizer.domain.evaluator.warm import kernels_warm
from optimizer.domain.study.capacity import Room
from optimizer.domain.study.evaluation import Terms
from optimizer.domain.study.suggestions import default_suggest
from optimizer.ports.machines import WorkRefusedError
from optimizer.ports.sweeps import Chunk
from tests.factories import NOW
from tests.oracles import paths
from trading.base.adapters.system_clock import SystemClock

pytestmark = [
    pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.any_store,
]  # fmt: skip

TERMS = Terms(("1d",), ("final_balance",), 1000.0, "next_open", 0)
COSTS = ((1e6,), (0.01,), (0.1,), (0.1,))
CHUNK = Chunk(0, 0, (default_suggest(0, "donchian_champion"),), {"donchian_champion": (0.0,)})


def request(
    version: str = "v1", candles: str = "", costs: str = "", trade_size: float = 1000.0
) -> bytes:
    """Ask for the chunk on data that are in the database unless other digests are given."""
    basis = Basis(
        candles or blob_store(candles_pack(paths.path(3, 400)), NOW),
        costs or blob_store(costs_encode(COSTS), NOW),
        version,
        paths.STEP_MS,
        replace(TERMS, trade_size=trade_size),
    )
    return request_encode(basis, CHUNK)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[LocalMachine]:
    made = LocalMachine(MachineData(tmp_path), version="v1", clock=SystemClock())
    yield made
    made.close()


def never() -> bool:
    """Stand for an orchestrator that must not hear of a beginning."""
    raise AssertionError("a refused chunk was begun")


def test_another_version_of_the_code_is_refused_with_both_versions(machine: LocalMachine) -> None:
    with pytest.raises(WorkRefusedError, match=r"runs version v1, the study v2; install the same"):
        machine.evaluate(request("v2"), never)


@pytest.mark.parametrize("missing", ["candles", "costs"])
def test_data_that_are_not_in_the_database_are_refused(machine: LocalMachine, missing: str) -> None:
    with pytest.raises(WorkRefusedError, match=r"data abababababab is not in the database"):
        machine.evaluate(request(**{missing: "ab" * 32}), never)


def test_a_worker_that_may_have_no_children_says_how_to_start_it(machine: LocalMachine) -> None:
    process = multiprocessing.current_process()
    before = process._config.get("daemon")
    process._config["daemon"] = True
    try:
        with pytest.raises(WorkRefusedError, match=r"start workers .* with --pool threads"):
            machine.evaluate(request(), never)
    finally:
        process._config["daemon"] = before


def test_chunks_nobody_waits_for_are_prepared_and_not_evaluated(machine: LocalMachine) -> None:
    kernels_warm()
    assert machine.evaluate(request(), lambda: False) is None


def test_only_the_latest_studies_are_remembered(
    machine: LocalMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoPool:
        def __init__(self, *_: object, **__: object) -> None:
            """Start no process."""

        def close(self) -> None:
            """End none."""

    monkeypatch.setattr(machine_module, "ProcessPool", NoPool)
    monkeypatch.setattr(machine, "_warm", lambda: None)
    for study in range(machine_module.JOBS + 5):
        machine.evaluate(request(trade_size=100.0 + study), lambda: False)
    sizes = [basis.terms.trade_size for basis in machine._jobs]
    assert sizes == [105.0 + study for study in range(machine_module.JOBS)]
    monkeypatch.setattr(machine_module, "IDLE_S", 0.0)
    machine._end_idle()
    assert not machine._idle


def test_one_process_evaluates_chunk_after_chunk(machine: LocalMachine) -> None:
    kernels_warm()
    outcomes = []
    for _ in range(2):
        content = machine.evaluate(request(), lambda: True)
        assert content is not None
        outcomes.append(outcome_decode(content))
    first, second = outcomes
    assert first.process == second.process
    assert first.process.startswith(machine.name)
    assert [r.number for r in second.answer.records] == [0]
    assert first.cpu_s > second.cpu_s > 0  # the first one loaded the data
    assert (first.replaced, second.replaced) == (0, 0)


def test_threads_beyond_what_the_machine_bears_wait_and_idle_processes_make_room(
    tmp_path: Path,
) -> None:
    kernels_warm()
    machine = LocalMachine(
        MachineData(tmp_path), version="v1", clock=SystemClock(), room=lambda: Room(1, None)
    )
    asked, other = request(), request(trade_size=7.0)

    def process(content: bytes) -> int:
        outcome = machine.evaluate(content, lambda: True)
        assert outcome is not None
        return int(outcome_decode(outcome).process.rpartition(":")[2])

    try:
        first = process(asked)  # reads the data, which threads have no connection for
        with ThreadPoolExecutor(3) as threads:
            assert set(threads.map(process, [asked] * 3)) == {first}
        second = process(other)
        assert second != first
        with pytest.raises(ProcessLookupError):
            os.kill(first, 0)
    finally:
        machine.close()
