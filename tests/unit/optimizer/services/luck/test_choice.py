"""What any table shows first is examined, once."""

from __future__ import annotations

from dataclasses import replace

from optimizer.domain.metrics import METRIC_NAMES
from optimizer.domain.reporting import ReportStudy
from optimizer.services.luck.choice import WINDOW_TOP, places_examined
from tests import report_scene

GAIN = METRIC_NAMES.index("total_return_pct")


def turned(study: ReportStudy) -> ReportStudy:
    """Return a study whose best of the first window are the worst of the others."""
    first = study.metrics["30d"].copy()
    first[:, GAIN] *= -1.0
    return replace(study, metrics={**study.metrics, "30d": first})


def test_the_first_rows_of_every_window_are_examined() -> None:
    study = turned(report_scene.study(900))
    examined = set(places_examined(study))
    assert WINDOW_TOP >= 10
    for window in report_scene.WINDOWS:
        assert set(study.ranked(window)[:WINDOW_TOP].tolist()) <= examined
    assert set(study.ranked("1y")[:100].tolist()) <= examined


def test_other_windows_cost_no_more_than_their_first_rows() -> None:
    study = turned(report_scene.study(900))
    places = places_examined(study)
    assert len(places) == len(set(places))
    alone = replace(
        study,
        facts=replace(study.facts, windows=("1y",)),
        metrics={"1y": study.metrics["1y"]},
    )
    assert len(places) - len(places_examined(alone)) <= 2 * WINDOW_TOP


def test_those_of_the_ranking_window_come_first() -> None:
    study = turned(report_scene.study(900))
    alone = replace(
        study,
        facts=replace(study.facts, windows=("1y",)),
        metrics={"1y": study.metrics["1y"]},
    )
    before = places_examined(alone)
    assert places_examined(study)[: len(before)] == before
