"""Measure what a run costs: wall time by phase, processor time, and the memory of its workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from optimizer.ports.sweeps import PoolUsage
from optimizer.services.studies.run.figures import OVERHEAD
from trading.base.ports.clock import Clock


class RunMeter:
    """Adds up seconds; phases do not nest."""

    def __init__(self, clock: Clock, cpu_clock: Callable[[], float], n_cores: int | None) -> None:
        """Start now.

        Args:
            clock: for wall time.
            cpu_clock: processor seconds of this process.
            n_cores: the processes of the study may use on this machine; None where its workers
                have cores of their own, on whatever machines.
        """
        self._clock, self._cpu_clock, self._n_cores = clock, cpu_clock, n_cores
        self._began, self._cpu_began = clock.monotonic(), cpu_clock()
        self._wall: dict[str, float] = {}
        self._search_s = 0.0
        self._search_cpu_s = 0.0
        self._usage = PoolUsage()
        self._early_mb: float | None = None
        self.n_stored = 0

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count what happens inside under ``name``."""
        # no processor time: to read it takes 0.2 ms, and a batch has four phases
        began = self._clock.monotonic()
        try:
            yield
        finally:
            self._wall[name] = self._wall.get(name, 0.0) + self._clock.monotonic() - began

    def search_so_far(self, usage: PoolUsage) -> None:
        """Note what the search took up to now; at its end, all it took."""
        self._search_s = self._clock.monotonic() - self._began
        self._search_cpu_s = self._cpu_clock() - self._cpu_began
        self._usage = usage

    def memory_early(self, usage: PoolUsage) -> None:
        """Note the workers' memory once they have loaded all they need."""
        self._early_mb = usage.last_mb

    def _cores(self) -> int | None:
        places = self._usage.places
        return places if places is None or self._n_cores is None else min(places, self._n_cores)

    def _utilisation(self) -> float | None:
        cores = self._cores()
        if cores is None:
            return None
        # With a core of its own the orchestrator takes nothing from the workers'.
        own = self._search_cpu_s if cores == self._n_cores else 0.0
        share = round((self._usage.cpu_s + own) / (max(self._search_s, 1e-9) * cores), 4)
        # More than all of it: workers came after they were counted, and nobody knows how many.
        return None if self._n_cores is None and share > 1.0 else share

    def figures(self) -> dict[str, Any]:
        """Return the figures of this run.

        ``trials_per_second`` counts all wall time, luck and reports included, and
        ``search_per_second`` that of the search. ``cpu_utilisation`` is the share of the search's
        wall time the granted cores were computing, None where nobody knows how many there were;
        ``overhead_share`` what suggesting, storing and reports took of all wall time;
        ``worker_early_mb`` is None where the run began behind the early trials.
        """
        elapsed = max(self._clock.monotonic() - self._began, 1e-9)
        usage = self._usage
        overhead = sum(self._wall.get(name, 0.0) for name in OVERHEAD)
        return {
            "trials": self.n_stored,
            "elapsed_s": round(elapsed, 3),
            "search_s": round(self._search_s, 3),
            "trials_per_second": round(self.n_stored / elapsed, 2),
            "search_per_second": round(self.n_stored / max(self._search_s, 1e-9), 2),
            "cpu_utilisation": self._utilisation(),
            "overhead_share": round(overhead / elapsed, 4),
            "wall_s": {name: round(value, 3) for name, value in self._wall.items()},
            "worker_cpu_s": round(usage.cpu_s, 3),
            "orchestrator_cpu_s": round(self._search_cpu_s, 3),
            "n_workers": usage.places,
            "workers": usage.workers.as_dict() if usage.workers else None,
            "cores": self._cores(),
            "worker_first_mb": round(usage.first_mb, 1),
            "worker_early_mb": None if self._early_mb is None else round(self._early_mb, 1),
            "worker_last_mb": round(usage.last_mb, 1),
            "workers_replaced": usage.replaced,
        }
