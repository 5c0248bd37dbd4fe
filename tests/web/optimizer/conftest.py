"""Somebody who may search, candles to search, and a study in the middle of its work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from optimizer.models import Study
from tests import factories as make
from tests.oracles import paths
from tests.web.optimizer.store import store_fill
from tests.web.servers import DeskServer, Feeder

N = 60


@pytest.fixture
def searcher(db: None) -> User:
    """Return somebody who may do everything with studies."""
    return make.searcher()


@pytest.fixture
def browser(client: Client, searcher: User) -> Client:
    """Return their browser, logged in."""
    client.force_login(searcher)
    return client


@pytest.fixture
def data_dir(tmp_path: Path, settings: Any) -> Path:
    """Return a data directory with one stored series and swap costs."""
    settings.DATA_DIR = tmp_path
    store_fill(tmp_path, paths.path(3, 1500))
    return tmp_path


@pytest.fixture
def study(db: None) -> Study:
    """Return a study half done; its best trial was examined, and its search walked forward."""
    made = make.study(
        source={"venue": "pulsex", "pair": "PDAI/DAI", "timeframe": "5m",
                "market": "pulsex PDAI/DAI 5m", "quote": "DAI"},
        figures={"trials_per_second": 412.2, "worker_last_mb": 290.5},
        luck={"pbo": 0.62, "walk_forward": [fold(1), fold(2)], "examined": 9,
              "explained": 6, "not_proven": 2, "survives": 1,
              "n_searched": N, "sharpe_hurdle": 3.66, "holdout_look": 2},
    )  # fmt: skip
    make.trials(made, make.records(N))
    return made


def fold(step: int) -> dict[str, Any]:
    day = 86_400_000
    start = make.START_MS + step * 30 * day
    return {
        "strategy": "csma_revert", "number": step, "train_from": start, "train_to": start + day,
        "test_from": start + 2 * day, "test_to": start + 3 * day, "train_return_pct": 12.5,
        "test_return_pct": -3.0 * step, "test_hold_pct": None,
    }  # fmt: skip


@pytest.fixture(scope="module")
def orchestrator(desk_server: DeskServer) -> Iterator[Feeder]:
    """Return the hand that works on studies in a process of its own."""
    made = Feeder(desk_server, "tests.web.optimizer.study_feeder")
    yield made
    made.close()
