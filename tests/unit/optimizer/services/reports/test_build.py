"""A report is the same bytes for the same study, strict, and small on the way."""

from __future__ import annotations

import hashlib
import json
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optimizer.adapters.html_report import HtmlReport, RunFolder
from optimizer.domain.reporting import ReportStudy
from optimizer.ports.reports import PutFile
from optimizer.services.reports.build import report_write
from optimizer.services.reports.curves import LOOKED_AT_MAX, chosen
from tests import report_scene

TOKENS = Path(__file__).resolve().parents[5] / "static" / "css" / "shell" / "tokens.css"
GOLDEN = Path(__file__).with_name("golden")
GOLDEN_PAGE = "8eaaef77c5ebac60"


class MemoryFolder(dict[str, bytes]):
    @contextmanager
    def filling(self) -> Iterator[PutFile]:
        yield self.__setitem__


def build(study: ReportStudy, *, is_complete: bool = True) -> MemoryFolder:
    folder = MemoryFolder()
    report_write(
        study=study,
        curves=report_scene.curves() if is_complete else (),
        renderer=HtmlReport(tokens=TOKENS),
        folder=folder,
        is_complete=is_complete,
    )
    return folder


@pytest.fixture(scope="module")
def complete() -> MemoryFolder:
    return build(report_scene.study())


def test_the_same_study_gives_the_same_bytes(complete: MemoryFolder) -> None:
    assert build(report_scene.study()) == complete


def test_another_study_gives_another_report(complete: MemoryFolder) -> None:
    assert build(report_scene.study(seed=6))["overall.csv"] != complete["overall.csv"]


def test_a_complete_report_has_every_file(complete: MemoryFolder) -> None:
    assert sorted(complete) == [
        "metrics_1y.csv",
        "metrics_30d.csv",
        "metrics_90d.csv",
        "objective_cps.csv",
        "objective_final_balance.csv",
        "objective_mar.csv",
        "overall.csv",
        "overall.json",
        "report.html",
        "trades/trial_12.csv",
        "trades/trial_31.csv",
        "trades/trial_88.csv",
        "walkforward_summary.csv",
    ]


def test_a_report_on_the_way_is_the_page_and_the_summary() -> None:
    assert sorted(build(report_scene.study(), is_complete=False)) == ["overall.json", "report.html"]


def refuse(token: str) -> Any:
    raise ValueError(token)


def test_the_summary_is_strict_json_with_the_best_and_their_luck(complete: MemoryFolder) -> None:
    summary = json.loads(complete["overall.json"], parse_constant=refuse)
    study = report_scene.study()
    for place, objective in enumerate(report_scene.OBJECTIVES):
        best = summary["best"][objective]
        assert best["score"] == np.nanmax(study.scores[:, place])
        assert best["params"] == json.loads(study.params[best["trial"]])
        assert set(best["luck"]) >= {
            "verdict",
            "deflated_sharpe",
            "pbo",
            "holdout_return_pct",
        }
    assert summary["trials_by_status"] == {"ok": 192, "pruned": 48}
    assert summary["windows"]["30d"]["trials"] == 240
    assert summary["windows"]["30d"]["to"] == summary["holdout"]["from"]
    assert summary["windows"]["30d"]["from"] < summary["windows"]["30d"]["to"]
    assert summary["embargo_days"] == 2.5
    assert len(summary["windows"]["1y"]["top"]) == 10
    assert summary["importance"]["csma_revert"]["entry_days"] > 0.5


def test_scores_without_bound_and_studies_without_scores_have_a_report() -> None:
    study = report_scene.study(12)
    scores = np.full_like(study.scores, math.nan)
    folder = build(replace(study, scores=scores, luck={}, folds=()), is_complete=False)
    summary = json.loads(folder["overall.json"], parse_constant=refuse)
    assert summary["best"] == dict.fromkeys(report_scene.OBJECTIVES)
    assert b"runs when the study is finished" in folder["report.html"]


def test_the_page_asks_nobody_for_anything(complete: MemoryFolder) -> None:
    page = complete["report.html"].decode()
    ours = page[: page.index('<script type="application/json"')]
    assert "default-src 'none'" in ours
    assert 'src="' not in page.replace("default-src", "").split("<script>")[0]
    assert "http" not in ours.replace("http-equiv", "")
    assert page.count("</script>") == 3


def test_names_cannot_break_out_of_the_page() -> None:
    study = report_scene.study(60)
    evil = "</script><script>alert(1)</script>"
    study = replace(
        study,
        strategy=[evil] * 60,
        facts=replace(study.facts, market=evil, strategies=(evil,)),
    )
    page = build(study, is_complete=False)["report.html"].decode()
    assert "alert(1)</script>" not in page
    assert "&lt;/script&gt;" in page


def page_body(page: bytes) -> bytes:
    """Return what the report's own templates and figures made, without styles and libraries."""
    text = page.decode()
    return text[text.index("<body>") : text.index("</script>")].encode()


@pytest.mark.parametrize("name", ["metrics_1y.csv", "objective_mar.csv", "overall.json"])
def test_a_golden_file_has_not_changed(name: str) -> None:
    folder = build(report_scene.study(24))
    assert folder[name].decode() == (GOLDEN / name).read_text(encoding="utf-8")


def test_the_golden_page_has_not_changed() -> None:
    page = page_body(build(report_scene.study(24))["report.html"])
    assert hashlib.sha256(page).hexdigest()[:16] == GOLDEN_PAGE, "look at it, then note its hash"


def test_the_runs_drawn_are_the_best_of_each_objective_and_then_by_return() -> None:
    study = report_scene.study()
    places = chosen(study)
    best = [study.best(objective) for objective in range(3)]
    assert places[: len(set(best))] == list(dict.fromkeys(best))
    assert len(places) == len(set(places))
    by_return = [place for place in places if place not in best]
    assert by_return == [place for place in study.ranked("1y").tolist() if place not in best]


def test_of_a_large_study_the_highest_runs_and_the_best_of_each_strategy_are_looked_at() -> None:
    study = report_scene.study(4000)
    lone = int(study.ranked("1y")[1500])
    strategy = list(study.strategy)
    strategy[lone] = "trailing_hold"
    places = chosen(replace(study, strategy=strategy))
    assert len(places) <= LOOKED_AT_MAX + 3 + 3
    assert lone in places


def test_a_folder_takes_files_and_replaces_them(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "run").filling() as put:
        put("trades/trial_1.csv", b"old")
        put("trades/trial_1.csv", b"new")
    assert (tmp_path / "run" / "trades" / "trial_1.csv").read_bytes() == b"new"
    assert len(list((tmp_path / "run" / "trades").iterdir())) == 1


def test_files_are_written_while_the_next_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_writing, may_write = threading.Event(), threading.Event()

    def slowly(path: Path, content: bytes) -> None:
        is_writing.set()
        assert may_write.wait(10)
        path.write_bytes(content)

    monkeypatch.setattr("optimizer.adapters.html_report.folder.write_atomic", slowly)
    with RunFolder(tmp_path).filling() as put:
        put("overall.csv", b"1")
        assert is_writing.wait(10)
        put("overall.json", b"2")  # is taken although the first is not written
        assert not (tmp_path / "overall.csv").exists()
        may_write.set()
    assert (tmp_path / "overall.csv").read_bytes() == b"1"
    assert (tmp_path / "overall.json").read_bytes() == b"2"


def test_no_more_files_wait_than_memory_is_granted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optimizer.adapters.html_report.folder._ON_THE_WAY", 5)
    with RunFolder(tmp_path).filling() as put:
        for number in range(9):
            put(f"{number}.csv", b"abc")
            written = {path.name for path in tmp_path.glob("*.csv")}
            assert {f"{before}.csv" for before in range(number)} <= written
        put("large.csv", b"larger than all")
    assert (tmp_path / "large.csv").read_bytes() == b"larger than all"


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "trades").write_bytes(b"a file where a folder has to be")
    with (
        pytest.raises(OSError, match="trades"),
        RunFolder(tmp_path).filling() as put,
    ):
        put("trades/trial_1.csv", b"1")


def test_an_error_beside_the_files_leaves_those_taken_whole(tmp_path: Path) -> None:
    def fill() -> None:
        with RunFolder(tmp_path).filling() as put:
            put("overall.csv", b"1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fill()
    assert (tmp_path / "overall.csv").read_bytes() == b"1"
