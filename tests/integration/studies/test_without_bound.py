"""Scores without bound: a market so steep that its yearly growth is more than a number can say."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from optimizer.adapters.run_files import StudySnapshot
from optimizer.models import Study
from optimizer.services.studies.run.running import RunEnd
from optimizer.services.studies.run.storing import records_from, trial_table_hash
from tests.integration.studies.conftest import Bench

pytestmark = pytest.mark.django_db(transaction=True)

A_DAY = 288  # bars
N_BARS = 6 * A_DAY
STOPS = (12, 1, 14, 2)  # turns of the loop until the study is stopped


@pytest.fixture
def steep(bench: Bench) -> Bench:
    """Return a bench whose price grows sixtyfold a day: 10**649 in a year, for those who hold."""
    rng = np.random.default_rng(1)
    close = 1e-6 * np.exp(np.cumsum(math.log(60) / A_DAY + rng.normal(0, 0.06, N_BARS)))
    opened = np.append(close[0], close[:-1])
    table = pd.DataFrame(
        {
            "timestamp": pd.date_range("2024-01-01", periods=N_BARS, freq="5min", tz="UTC"),
            "open": opened,
            "high": 1.001 * np.maximum(opened, close),
            "low": 0.999 * np.minimum(opened, close),
            "close": close,
            "volume": 1000.0,
        }
    )
    table.to_parquet(bench.candles)
    return bench


def opened(bench: Bench, sampler: str) -> Study:
    return bench.open(
        sampler=sampler,
        strategies=("passive_hold", "trailing_hold", "csma_revert"),
        objectives=("mar", "final_balance"),
        windows=("all",),
    )


def after(calls: int) -> Callable[[], bool]:
    count = itertools.count()
    return lambda: next(count) >= calls


@pytest.mark.parametrize("sampler", ["cmaes", "tpe", "gp", "nsga2"])
def test_a_study_with_scores_without_bound_goes_on_as_if_nothing_had_stopped_it(
    steep: Bench, sampler: str
) -> None:
    quiet, stopped = opened(steep, sampler), opened(steep, sampler)
    assert steep.run(quiet).end is RunEnd.FINISHED
    quiet.refresh_from_db()
    scores = [record.score_values()[0] for record in records_from(quiet, 0)]
    assert scores.count(math.inf) > 10
    assert len(set(scores)) > 3  # others are finite, and steer as well
    for calls in STOPS:
        assert steep.run(stopped, should_stop=after(calls)).end is RunEnd.STOPPED
    assert steep.run(stopped).end is RunEnd.FINISHED
    assert trial_table_hash(stopped.pk) == trial_table_hash(quiet.pk)


@pytest.mark.parametrize("lacking", ["samplers", "pruning", "a score"])
def test_a_snapshot_that_cannot_be_read_is_as_good_as_none(steep: Bench, lacking: str) -> None:
    quiet, stopped = opened(steep, "nsga2"), opened(steep, "nsga2")
    assert steep.run(quiet).end is RunEnd.FINISHED
    assert steep.run(stopped, should_stop=after(14)).end is RunEnd.STOPPED
    file = steep.run_dir(stopped) / "checkpoint.json"
    state = json.loads(file.read_bytes())["state"]
    assert state["engine"]["absorbed"] > 0
    if lacking == "a score":  # as it was written before scores were cut
        state["engine"]["samplers"]["trailing_hold"]["scores"][0][0] = None
    else:
        del state["engine"][lacking]
    StudySnapshot(file).save(state)
    assert steep.run(stopped).end is RunEnd.FINISHED
    assert trial_table_hash(stopped.pk) == trial_table_hash(quiet.pk)
