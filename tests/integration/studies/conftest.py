"""A study on small files, run in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from optimizer import bootstrap
from optimizer.domain.study.data import StudyData
from optimizer.models import Study
from optimizer.services.studies.open.request import StudyRequest
from optimizer.services.studies.open.sources import Origin
from optimizer.services.studies.run.running import RunResult, study_run
from optimizer.services.studies.run.tools import StudyTools
from tests.fakes.trial_pool import InlinePool
from tests.integration.studies.inputs import candles_file, costs_file

REQUEST = StudyRequest(
    strategies=("passive_hold", "donchian_champion", "csma_revert"),
    objectives=("final_balance", "utility"),
    windows=("all", "2d"),
    n_trials=160,
    trade_size=Decimal(1000),
    seed=5,
    embargo_days=0.25,
)


class Bench:
    """Opens and runs studies; ``pools`` are those started, oldest first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.candles, self.costs = candles_file(folder, 1_200), costs_file(folder)
        self.pools: list[InlinePool] = []
        self.told: list[tuple[int, bool]] = []
        self.on_wait: Callable[[], None] = lambda: None
        self.changes: dict[str, Any] = {}

    def open(self, **changes: Any) -> Study:
        origin = Origin(file=str(self.candles), swap_costs=str(self.costs))
        return bootstrap.study_open(request=replace(REQUEST, **changes), origin=origin)

    def tools(self) -> StudyTools:
        def pool_of(study: Study, data: StudyData) -> InlinePool:
            self.pools.append(InlinePool(study, data, self.on_wait))
            return self.pools[-1]

        def tell(_study: int, n_done: int, is_change: bool) -> None:
            self.told.append((n_done, is_change))

        known = replace(bootstrap.study_tools(), pool_of=pool_of, tell=tell)
        return replace(known, **self.changes)

    def run(self, study: Study, **more: Any) -> RunResult:
        return study_run(study_id=study.pk, tools=self.tools(), **more)

    def run_dir(self, study: Study) -> Path:
        return self.folder / "data" / study.run_dir


@pytest.fixture
def bench(tmp_path: Path, settings: Any) -> Bench:
    settings.DATA_DIR = tmp_path / "data"
    return Bench(tmp_path)
