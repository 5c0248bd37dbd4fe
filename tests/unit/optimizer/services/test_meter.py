"""The figures of a run are shares of the right wholes."""

from __future__ import annotations

import pytest

from optimizer.ports.sweeps import PoolUsage
from optimizer.services.studies.meter import RunMeter
from tests.fakes.clock import FakeClock


class Cpu:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def measured(n_workers: int, n_cores: int) -> dict[str, float]:
    clock, cpu = FakeClock(), Cpu()
    meter = RunMeter(clock, cpu, n_cores)
    with meter.phase("suggest"):
        clock.advance(1.0)
        cpu.seconds += 0.5
    clock.advance(7.0)
    with meter.phase("store"):
        clock.advance(2.0)
        cpu.seconds += 1.0
    meter.n_stored = 1000
    meter.search_over(PoolUsage(cpu_s=9.0 * n_workers), n_workers)
    with meter.phase("luck"):
        clock.advance(8.0)
    with meter.phase("report"):
        clock.advance(2.0)
    return meter.figures()


def test_rates_count_all_wall_time_and_that_of_the_search() -> None:
    figures = measured(1, 2)
    assert figures["trials_per_second"] == pytest.approx(50.0)
    assert figures["search_per_second"] == pytest.approx(100.0)
    assert figures["overhead_share"] == pytest.approx(5.0 / 20.0)


def test_the_orchestrator_counts_where_it_has_no_core_of_its_own() -> None:
    assert measured(1, 2)["cpu_utilisation"] == pytest.approx(0.9)
    assert measured(2, 2)["cpu_utilisation"] == pytest.approx((18.0 + 1.5) / 20.0)
