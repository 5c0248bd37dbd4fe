"""The report of a stored study: what the rows say, and runs that go on into the holdout."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optimizer import bootstrap
from optimizer.adapters.html_report import HtmlReport
from optimizer.domain.metrics import METRIC_NAMES
from optimizer.domain.study.data import StudyData
from optimizer.domain.study.records import TrialRecord, TrialStatus
from optimizer.models import Study
from optimizer.ports.reports import PutFile
from optimizer.services.reports import tables
from optimizer.services.reports.build import ReportResult, ReportSource, report_build
from optimizer.services.reports.reading import study_read
from tests.integration.reports.conftest import HOLDOUT, STEP_MS, WINDOWS, N
from trading.base.domain.errors import BadInputError

pytestmark = pytest.mark.django_db
TOKENS = Path(__file__).resolve().parents[3] / "static" / "css" / "shell" / "tokens.css"


class MemoryFolder(dict[str, bytes]):
    @contextmanager
    def filling(self) -> Iterator[PutFile]:
        yield self.__setitem__


def build(study: Study, data: StudyData, *, is_complete: bool = True) -> MemoryFolder:
    folder = MemoryFolder()
    result = report_build(
        study_id=study.pk,
        source_of=lambda row: ReportSource(data, "PDAI/DAI 5m", "DAI"),
        renderer=HtmlReport(tokens=TOKENS),
        folder_of={"run": folder}.__getitem__,
        is_complete=is_complete,
    )
    assert isinstance(result, ReportResult)
    assert sorted(result.files) == sorted(folder)
    return folder


def test_the_columns_are_exactly_what_was_stored(
    study: Study, data: StudyData, records: list[TrialRecord]
) -> None:
    report = study_read(study=study, data=data, market="m", quote="DAI")
    assert report.number.tolist() == list(range(N))
    assert report.facts.n_searched == 777
    for record in records:
        for place, window in enumerate(WINDOWS):
            row = report.metrics[window][record.number]
            if place >= len(record.metrics):
                assert np.isnan(row).all()
                continue
            expected = np.frombuffer(record.metrics[place])
            expected = np.where(np.isfinite(expected), expected, np.nan)
            np.testing.assert_array_equal(row, expected)
        scores = record.score_values() or [np.nan, np.nan]
        np.testing.assert_array_equal(report.scores[record.number], scores)
    assert report.luck[0].reasons == ("It lost money on the holdout.",)
    assert len(METRIC_NAMES) == report.metrics["all"].shape[1]


def test_pruned_and_failed_trials_show_only_where_they_were_evaluated(
    study: Study, data: StudyData, records: list[TrialRecord]
) -> None:
    folder = build(study, data)
    by_status = {record.number: record.status for record in records}
    for window, wanted in (("1d", {TrialStatus.OK, TrialStatus.PRUNED}), ("all", {TrialStatus.OK})):
        text = folder[f"metrics_{window}.csv"].decode()
        found = {int(row["trial_id"]) for row in csv.DictReader(io.StringIO(text))}
        assert found == {number for number, status in by_status.items() if status in wanted}


def test_the_report_says_which_days_its_windows_are(study: Study, data: StudyData) -> None:
    study.settings |= {"embargo_days": 0.5}
    study.save()
    folder = build(study, data)
    times = data.bars.open_time
    stop = data.search_stop(HOLDOUT)
    ends = int(times[stop - 1]) + STEP_MS  # a gap may lie between
    summary = json.loads(folder["overall.json"])
    assert summary["holdout"]["from"] == tables.moment(int(times[stop]))
    assert summary["windows"]["1d"]["to"] == tables.moment(ends)
    assert summary["holdout"]["to"] == tables.moment(int(times[-1]) + STEP_MS)
    assert summary["windows"]["all"]["from"] == tables.moment(int(times[0]))
    page = folder["report.html"].decode()
    assert "0.5 days left out between" in page
    assert "a day left out between" not in page
    assert f"<dt>1d</dt><dd>{tables.moment(ends - STEP_MS - 86_400_000)[:10]} to " in page


def test_building_twice_gives_the_same_bytes(study: Study, data: StudyData) -> None:
    assert build(study, data) == build(study, data)


def test_a_report_on_the_way_draws_nothing_out(study: Study, data: StudyData) -> None:
    folder = build(study, data, is_complete=False)
    assert sorted(folder) == ["overall.json", "report.html"]


def test_a_study_that_has_just_begun_has_a_report(study: Study, data: StudyData) -> None:
    study.trials.all().delete()
    folder = build(study, data)
    assert folder["metrics_all.csv"].count(b"\n") == 1
    assert b"No trial was evaluated here yet." in folder["report.html"]


def test_a_study_that_does_not_exist_is_named(data: StudyData) -> None:
    with pytest.raises(BadInputError, match="study was 99; there is no such study"):
        build(Study(pk=99), data)


def test_the_desk_writes_a_report_into_the_run_directory(
    study: Study, data: StudyData, tmp_path: Path, settings: Any
) -> None:
    settings.DATA_DIR = tmp_path
    source = ReportSource(data, "PDAI/DAI 5m", "DAI")
    result = bootstrap.report_build(study_id=study.pk, source_of=lambda _: source)
    written = {path.relative_to(tmp_path / "run").as_posix() for path in tmp_path.rglob("*.*")}
    assert written == set(result.files)
    assert result.best["mar"]["trial"] in range(N)
