"""A parameter that decides is told from one that does not, on any scale."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.domain.importance import importance, parameter_tables, ranks
from tests import report_scene


@given(seed=st.integers(0, 10_000))
def test_it_is_a_share_and_does_not_depend_on_scale_or_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    parameter, score = rng.normal(size=100), rng.normal(size=100)
    share = importance(parameter, score)
    assert 0.0 <= share <= 1.0
    order = rng.permutation(100)
    assert importance(parameter[order], score[order]) == pytest.approx(share, abs=1e-12)
    assert importance(np.exp(parameter), 3 * score + 7) == pytest.approx(share, abs=1e-12)


def test_what_decides_is_near_one_in_any_shape_and_noise_is_near_zero() -> None:
    rng = np.random.default_rng(4)
    x = rng.uniform(-1, 1, 2000)
    assert importance(x, x) > 0.95
    assert importance(x, x**2) > 0.9
    assert importance(x, rng.normal(size=2000)) < 0.02


def test_a_switch_makes_two_groups() -> None:
    x = np.repeat([0.0, 1.0], 50)
    assert importance(x, x + np.linspace(0, 0.5, 100)) == pytest.approx(0.75, abs=0.02)


def test_too_few_trials_say_nothing_and_a_constant_explains_nothing() -> None:
    assert np.isnan(importance(np.arange(15.0), np.arange(15.0)))
    assert importance(np.ones(50), np.arange(50.0)) == 0.0
    assert importance(np.arange(50.0), np.ones(50)) == 0.0


def test_rows_without_a_score_are_left_out() -> None:
    x = np.arange(100.0)
    holed = x.copy()
    holed[::4] = np.nan
    assert importance(x, holed) == importance(x[np.isfinite(holed)], x[np.isfinite(holed)])


def test_equal_values_share_their_mean_rank() -> None:
    assert ranks(np.array([5.0, 1.0, 5.0, 9.0])).tolist() == [1.5, 0.0, 1.5, 3.0]


def test_a_table_holds_the_complete_trials_and_the_parameters_that_vary() -> None:
    study = report_scene.study()
    tables = parameter_tables(study)
    assert [table.strategy for table in tables] == sorted(report_scene.STRATEGIES)
    for table in tables:
        assert table.names == ("entry_days", "trail")
        assert np.isfinite(study.scores[table.places, 0]).all()
        assert table.share["entry_days"] > 0.5
        assert table.share["trail"] < 0.1
        first = json.loads(study.params[int(table.places[0])])
        assert table.values[0].tolist() == [first["entry_days"], first["trail"]]


def test_a_parameter_some_trials_do_not_name_is_a_gap_there() -> None:
    study = report_scene.study(60)
    params = list(study.params)
    params[2] = '{"trail": 0.5, "entry_days": 7, "cap": 3}'
    params[4] = "{}"
    (table,) = [t for t in parameter_tables(replace(study, params=params)) if 2 in t.places]
    assert table.names == ("cap", "entry_days", "exit_days", "trail")
    row = dict(zip(table.places.tolist(), table.values, strict=True))
    np.testing.assert_array_equal(row[2], [3, 7, np.nan, 0.5])
    np.testing.assert_array_equal(row[4], [np.nan] * 4)
    first = json.loads(params[6])
    wanted = [np.nan, first["entry_days"], 2, first["trail"]]
    np.testing.assert_array_equal(row[6], wanted)
    assert np.isnan(table.share["cap"])


def test_a_study_without_complete_trials_has_no_tables() -> None:
    study = report_scene.study(10)
    assert parameter_tables(replace(study, scores=np.full_like(study.scores, np.nan))) == ()
