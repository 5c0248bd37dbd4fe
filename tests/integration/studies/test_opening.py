"""What a request cannot be on these candles is refused with the numbers, and nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from optimizer import bootstrap
from optimizer.models import SearchLedger, Study
from optimizer.services.studies.open.problems import InvalidRequestError
from optimizer.services.studies.open.request import StudyRequest
from optimizer.services.studies.open.sources import Origin
from tests.integration.studies.conftest import REQUEST, Bench

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


@pytest.mark.parametrize(
    ("name", "timeframe", "kept"),
    [
        ("pulsex_PDAI-DAI_5m", "", ("PDAI/DAI", "5m", "pulsex PDAI/DAI 5m")),
        ("pulsex_PDAI-DAI_1h", "", ("PDAI/DAI", "", "pulsex PDAI/DAI")),
        ("pulsex_PDAI-DAI_1h", "5m", ("PDAI/DAI", "5m", "pulsex PDAI/DAI 5m")),
        ("pulsex_PDAI-DAI_99999d", "", ("", "", "pulsex_PDAI-DAI_99999d.parquet")),
    ],
)
def test_candles_are_read_again_whatever_timeframe_their_file_is_named_after(
    bench: Bench, name: str, timeframe: str, kept: tuple[str, str, str]
) -> None:
    file = bench.folder / f"{name}.parquet"  # of five minutes
    file.write_bytes(Path(bench.candles).read_bytes())
    origin = Origin(file=str(file), timeframe=timeframe, swap_costs=str(bench.costs))
    study = bootstrap.study_open(request=REQUEST, origin=origin)
    assert tuple(study.source[key] for key in ("pair", "timeframe", "market")) == kept
    source = bootstrap.study_source(study)
    assert (source.data.data_digest(), source.data.step_ms) == (study.data_digest, 300_000)
