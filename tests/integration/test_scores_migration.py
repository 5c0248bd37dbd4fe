"""Scores stored one a row become one row a trial, and back, without losing anything else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from django.apps.registry import Apps
from django.db import IntegrityError, connection
from django.db.migrations.executor import MigrationExecutor

from optimizer.models import Study, Trial, TrialLuck, TrialScores, WindowMetrics
from optimizer.models.trials import ROW_SPACE, TRIAL_SPACE
from optimizer.services.studies.run.storing import trial_table_hash
from tests import factories as make
from tests.factories.studies import OBJECTIVES

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = "0001_initial"
N = 60
ODD = {(0, 1): float("inf"), (1, 2): float("-inf"), (2, 3): float("nan"), (3, 0): float("nan")}


def migrate(name: str) -> Apps:
    executor = MigrationExecutor(connection)
    state = executor.migrate([("optimizer", name)])
    return state.apps


def migrate_to_newest() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes("optimizer"))


@pytest.fixture(autouse=True)
def newest() -> Iterator[None]:
    """Leave the tables as the other tests want them."""
    yield
    migrate_to_newest()


@pytest.fixture
def study() -> Study:
    """Return a study between two others, some scores of which are no numbers."""
    before, made, after = (make.study(objectives=list(reversed(OBJECTIVES))) for _ in range(3))
    for other in (before, after):
        make.trials(other, make.records(3))
    make.trials(made, make.records(N))
    make.luck(made, 0)
    for (number, place), score in ODD.items():
        row = TrialScores.objects.get(trial__study=made, trial__number=number)
        values = np.frombuffer(row.packed).copy()
        values[place] = score
        row.packed = values.tobytes()
        row.steering = row.steering if place else None
        row.save()
    return made


def contents() -> list[list[tuple[Any, ...]]]:
    return [
        [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in rows]
        for rows in (
            Trial.objects.order_by("pk").values_list(),
            WindowMetrics.objects.order_by("pk").values_list(),
            TrialLuck.objects.order_by("pk").values_list("pk", "reasons"),
            TrialScores.objects.order_by("pk").values_list(),
        )
    ]


def test_rows_of_single_scores_hold_what_the_packed_ones_held(study: Study) -> None:
    packed = TrialScores.objects.filter(trial__study=study).values_list("pk", "packed")
    wanted = {
        (key * ROW_SPACE + place): (key, study.objectives[place], score)
        for key, content in packed
        for place, score in enumerate(np.frombuffer(content).tolist())
    }
    old = migrate(BEFORE).get_model("optimizer", "ObjectiveScore").objects
    found = old.filter(trial__study=study.pk).values_list("id", "trial_id", "objective", "score")
    assert {key: tuple(row) for key, *row in found} == {
        key: (trial, name, None if np.isnan(score) else score)
        for key, (trial, name, score) in wanted.items()
    }


def test_there_and_back_nothing_is_lost(study: Study) -> None:
    before, hashed = contents(), trial_table_hash(study.pk)
    migrate(BEFORE)
    migrate_to_newest()
    assert contents() == before
    assert trial_table_hash(study.pk) == hashed


def test_an_empty_desk_migrates() -> None:
    migrate(BEFORE)
    migrate_to_newest()
    assert contents() == [[], [], [], []]


def test_a_key_that_is_not_the_trial_s_is_refused(study: Study) -> None:
    row = Trial.objects.get(study=study, number=0)
    row.pk = study.pk * TRIAL_SPACE + N + 1
    with pytest.raises(IntegrityError, match="trial_key_of_number"):
        row.save(force_insert=True)


def test_a_deleted_study_takes_its_rows_along(study: Study) -> None:
    kept = {row.pk for row in Trial.objects.exclude(study=study)}
    study.delete()
    assert {row.pk for row in Trial.objects.all()} == kept
    assert set(TrialScores.objects.values_list("pk", flat=True)) <= kept
    assert set(WindowMetrics.objects.values_list("trial_id", flat=True)) <= kept
    assert not TrialLuck.objects.exists()
