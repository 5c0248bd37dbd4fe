"""The figures of a run are shares of the right wholes."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.ports.sweeps import PoolUsage
from optimizer.services.studies.run.meter import RunMeter
from tests.fakes.clock import FakeClock


class Cpu:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def measured(
    places: int | None, n_cores: int | None, *, cpu_s: float | None = None
) -> dict[str, Any]:
    """Return the figures of ten seconds of search in which workers compute for nine."""
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
    busy_s = 9.0 * (places or 0) if cpu_s is None else cpu_s
    meter.search_so_far(PoolUsage(cpu_s=busy_s, places=places))
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


def test_memory_of_early_trials_is_unknown_to_a_run_that_began_behind_them() -> None:
    assert measured(1, 2)["worker_early_mb"] is None


def test_the_orchestrator_counts_where_it_has_no_core_of_its_own() -> None:
    assert measured(1, 2)["cpu_utilisation"] == pytest.approx(0.9)
    assert measured(2, 2)["cpu_utilisation"] == pytest.approx((18.0 + 1.5) / 20.0)


@pytest.mark.parametrize("places", [1, 2, 3, 31])
def test_workers_of_other_machines_are_measured_by_their_places_whatever_cores_are_here(
    places: int,
) -> None:
    figures = measured(places, None)
    assert figures["cpu_utilisation"] == pytest.approx(0.9)
    assert (figures["n_workers"], figures["cores"]) == (places, places)


def test_processor_use_is_unknown_where_nobody_knows_how_many_places_there_are() -> None:
    assert measured(None, None, cpu_s=280.0)["cpu_utilisation"] is None
    assert measured(8, None, cpu_s=280.0)["cpu_utilisation"] is None  # more came meanwhile


def test_more_workers_than_cores_share_the_cores() -> None:
    assert measured(6, 2, cpu_s=15.0)["cpu_utilisation"] == pytest.approx((15.0 + 1.5) / 20.0)


def test_figures_on_the_way_are_those_up_to_then() -> None:
    clock, cpu = FakeClock(), Cpu()
    meter = RunMeter(clock, cpu, 2)
    for seconds, cpu_s, per_second, share in ((10.0, 15.0, 10.0, 0.75), (30.0, 70.0, 5.0, 0.875)):
        clock.advance(seconds)
        meter.n_stored += 100
        meter.search_so_far(PoolUsage(cpu_s=cpu_s, places=2))
        figures = meter.figures()
        assert figures["search_per_second"] == pytest.approx(per_second)
        assert figures["cpu_utilisation"] == pytest.approx(share)
