"""The mirror of the trials and the snapshot: whole after being cut or changed anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from optimizer.adapters.run_files import StudySnapshot, manifest_write
from optimizer.adapters.trial_log import LogChangedError, TrialLog, trials_read
from optimizer.domain.metrics import METRIC_NAMES
from optimizer.domain.study.records import TrialRecord, TrialStatus

RECORDS = [
    TrialRecord(
        number=number,
        strategy="donchian_champion",
        params_json='{"entry_days":11.5}',
        status=TrialStatus.OK,
        metrics=(np.full(len(METRIC_NAMES), number / 3.0).tobytes(),),
        scores=np.array([number / 7.0, np.inf]).tobytes(),
        early=(number / 7.0,),
    )
    for number in range(6)
]


def records_from(number: int) -> Iterator[TrialRecord]:
    return iter(RECORDS[number:])


def log(path: Path) -> TrialLog:
    return TrialLog(path, windows=("all",), objectives=("utility", "mar"))


def written(path: Path, n: int = 6) -> bytes:
    mirror = log(path)
    mirror.repair(0, records_from)
    mirror.append(RECORDS[:n])
    mirror.close()
    return path.read_bytes()


def test_every_line_is_strict_json_with_nothing_infinite(tmp_path: Path) -> None:
    for line in written(tmp_path / "trials.jsonl").splitlines():
        trial = json.loads(line, parse_constant=lambda name: 1 / 0)["trial"]
        assert trial["scores"]["mar"] is None


def test_a_log_cut_at_every_byte_of_its_last_record_loads_and_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    whole = written(path)
    last = whole.rindex(b"\n", 0, -1) + 1
    for end in range(last, len(whole)):
        path.write_bytes(whole[:end])
        assert [trial["number"] for trial, _ in trials_read(path)] == [0, 1, 2, 3, 4]
        mirror = log(path)
        mirror.repair(6, records_from)
        mirror.close()
        assert path.read_bytes() == whole


def test_nothing_is_added_to_a_log_that_another_process_writes(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    whole = written(path)
    slow, fast = log(path), log(path)
    slow.repair(3, records_from)
    slow.append(RECORDS[3:4])
    fast.repair(6, records_from)  # the slow one stored them and has not logged them yet
    with pytest.raises(LogChangedError, match="resuming the study writes the log anew"):
        slow.append(RECORDS[4:])
    fast.close()
    slow.close()
    assert path.read_bytes() == whole


def test_a_log_ahead_of_the_database_is_cut_back(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    whole = written(path)
    mirror = log(path)
    mirror.repair(4, records_from)
    mirror.close()
    assert whole.startswith(path.read_bytes())
    assert [trial["number"] for trial, _ in trials_read(path)] == [0, 1, 2, 3]


def test_a_changed_digit_ends_what_is_believed(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    whole = bytearray(written(path))
    place = whole.index(b"11.5", len(whole) // 2)
    whole[place] = ord("2")
    path.write_bytes(bytes(whole))
    assert len(list(trials_read(path))) < 6


def test_a_snapshot_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    snapshot = StudySnapshot(path)
    assert snapshot.load() is None
    state = {"absorbed": 3, "samplers": {"a": [0.1, None]}}
    snapshot.save(state)
    assert snapshot.load() == state
    content = path.read_bytes()
    for end in range(len(content)):
        path.write_bytes(content[:end])
        assert snapshot.load() in (None, state)
    path.write_bytes(content.replace(b'"absorbed":3', b'"absorbed":4'))
    assert snapshot.load() is None


def test_whoever_may_read_the_folder_may_read_what_is_written_there(tmp_path: Path) -> None:
    plain, snapshot, manifest = (tmp_path / name for name in ("plain", "snapshot", "manifest"))
    plain.touch()
    StudySnapshot(snapshot).save({})
    manifest_write(manifest, {})
    assert snapshot.stat().st_mode == manifest.stat().st_mode == plain.stat().st_mode


def test_what_cannot_be_written_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.mkdir()  # nothing can be renamed onto it
    (path / "old").touch()
    with pytest.raises(OSError, match="manifest"):
        manifest_write(path, {})
    assert [each.name for each in tmp_path.iterdir()] == ["manifest.json"]
