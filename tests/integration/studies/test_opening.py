"""What a request cannot be on these candles is refused with the numbers, and nothing is written."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.models import SearchLedger, Study
from optimizer.services.studies.open.problems import InvalidRequestError
from optimizer.services.studies.open.request import StudyRequest
from tests.integration.studies.conftest import Bench

pytestmark = pytest.mark.django_db


def refused(bench: Bench, **changes: Any) -> dict[str, str]:
    with pytest.raises(InvalidRequestError) as caught:
        bench.open(**changes)
    assert not Study.objects.exists()
    assert not SearchLedger.objects.exists()
    assert not (bench.folder / "data" / "reports").exists()
    return caught.value.problems


def test_windows_of_the_same_bars_are_refused_by_both_names(bench: Bench) -> None:
    said = refused(bench, windows=("99999d", "all", "1d"))
    assert list(said) == ["windows"]
    assert said["windows"].startswith(
        "windows '99999d' and 'all' are the same stretch of these candles, 20"
    )
    assert said["windows"].endswith("; leave one out")
    assert "'30d' and '1y'" in refused(bench, windows=("1d", "1y", "30d"))["windows"]
    assert bench.open(windows=("1d", "2d", "99999d")).windows == ["1d", "2d", "99999d"]


def test_windows_that_nobody_chose_are_fitted_to_the_candles(bench: Bench) -> None:
    study = bench.open(windows=StudyRequest().windows)
    assert study.windows == ["30d"]  # the candles are shorter than that
    assert list(study.manifest["stretches"]["windows"]) == ["30d"]


def test_an_embargo_that_swallows_the_holdout_is_refused_with_both_lengths(bench: Bench) -> None:
    said = refused(bench, embargo_days=365.0)
    assert said == {
        "embargo_days": "embargo days was 365, 105,120 bars; the holdout is 0.833 days, 240 bars, "
        "and 10 or more must be left of it behind the embargo: expected a shorter embargo, a "
        "larger holdout, or none"
    }
    assert bench.open(embargo_days=0.79).settings["embargo_days"] == 0.79
    assert bench.open(embargo_days=365.0, holdout_share=0.0).settings["holdout_share"] == 0.0


def test_both_are_named_at_once(bench: Bench) -> None:
    said = refused(bench, windows=("30d", "all"), embargo_days=1.0)
    assert list(said) == ["windows", "embargo_days"]
