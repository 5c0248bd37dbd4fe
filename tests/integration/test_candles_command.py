"""``candles`` as an operator types it: formats, repetition, overlap, and every bad file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.core.management import call_command

from tests.fakes.candle_files import NAME, frame, refused, run, write_csv
from tests.fakes.candles import START_MS

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _data_dir(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "data"


def _epoch(table: pd.DataFrame, per_s: int) -> pd.DataFrame:
    start = pd.Series(START_MS + 300_000 * np.arange(len(table), dtype=np.int64))
    return table.assign(timestamp=start * per_s // 1000)


WRITERS: dict[str, tuple[str, Callable[[pd.DataFrame, Path], None]]] = {
    "csv": ("a.csv", write_csv),
    "csv compressed": ("a.csv.gz", write_csv),
    "csv of seconds": ("a.csv", lambda t, p: write_csv(_epoch(t, 1), p)),
    "csv of milliseconds": ("a.csv", lambda t, p: write_csv(_epoch(t, 1000), p)),
    "csv in another zone": (
        "a.csv",
        lambda t, p: write_csv(t.assign(timestamp=t["timestamp"].dt.tz_convert("Asia/Tokyo")), p),
    ),
    "csv without a zone": (
        "a.csv",
        lambda t, p: write_csv(t.assign(timestamp=t["timestamp"].dt.tz_localize(None)), p),
    ),
    "csv with other names": (
        "a.csv",
        lambda t, p: write_csv(t.rename(columns={"timestamp": "Open_Time"}), p),
    ),
    "csv with more columns": ("a.csv", lambda t, p: write_csv(t.assign(note="x", trades=3), p)),
    "parquet": ("a.parquet", lambda t, p: t.to_parquet(p, index=False)),
    "parquet named date": (
        "a.parquet",
        lambda t, p: t.rename(columns={"timestamp": "date"}).to_parquet(p, index=False),
    ),
    "feather": ("a.feather", lambda t, p: t.to_feather(p)),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_every_customary_format_gives_the_same_series(kind: str, tmp_path: Path) -> None:
    name, write = WRITERS[kind]
    write(frame(), tmp_path / name)
    frame().to_parquet(tmp_path / "reference.parquet", index=False)
    got = run("import", str(tmp_path / name), *NAME)
    reference = run("import", str(tmp_path / "reference.parquet"), "--venue", "other", *NAME[2:])
    assert (got["rows"], got["new"]) == (50, 50)
    assert got["first"] == "2025-01-01T00:00:00Z"
    assert got["digest"] == reference["digest"]
    assert bool(got["notes"]) == (kind == "csv without a zone")


def test_importing_twice_changes_nothing(tmp_path: Path) -> None:
    write_csv(frame(), tmp_path / "a.csv")
    first = run("import", str(tmp_path / "a.csv"), *NAME)
    stored = (tmp_path / "data/candles/bybit/BTC-USDT/5m.parquet").stat()
    second = run("import", str(tmp_path / "a.csv"), *NAME)
    assert second == first | {"new": 0}
    assert (tmp_path / "data/candles/bybit/BTC-USDT/5m.parquet").stat() == stored


def test_overlapping_files_join_whatever_their_order(tmp_path: Path) -> None:
    table = frame(60)
    write_csv(table[:40], tmp_path / "early.csv")
    write_csv(table[30:], tmp_path / "late.csv")
    write_csv(table, tmp_path / "all.csv")
    run("import", str(tmp_path / "late.csv"), *NAME)
    joined = run("import", str(tmp_path / "early.csv"), *NAME)
    whole = run("import", str(tmp_path / "all.csv"), "--venue", "other", *NAME[2:])
    assert (joined["rows"], joined["new"]) == (60, 30)
    assert joined["digest"] == whole["digest"]


def test_a_contradiction_is_refused_until_somebody_decides(tmp_path: Path) -> None:
    table = frame(60)
    write_csv(table[:40], tmp_path / "a.csv")
    changed = table.copy()
    changed.loc[35, "volume"] += 1
    write_csv(changed[30:], tmp_path / "b.csv")
    before = run("import", str(tmp_path / "a.csv"), *NAME)
    line = refused("import", str(tmp_path / "b.csv"), *NAME)
    assert "2025-01-01T02:55:00Z" in line
    assert "volume" in line
    assert "--prefer" in line
    assert run("list")["series"][0]["digest"] == before["digest"]
    old = run("import", str(tmp_path / "b.csv"), *NAME, "--prefer", "old")
    assert (old["rows"], old["new"], old["replaced"]) == (60, 20, 0)
    new = run("import", str(tmp_path / "b.csv"), *NAME, "--prefer", "new")
    assert (new["new"], new["replaced"]) == (0, 1)


def test_outliers_and_gaps_are_told_and_kept(tmp_path: Path) -> None:
    table = frame(80)
    table.loc[40, "high"] = 1e5
    write_csv(table.drop(index=[10, 11, 60]), tmp_path / "a.csv")
    got = run("import", str(tmp_path / "a.csv"), *NAME)
    assert (got["rows"], got["gaps"], got["missing_bars"]) == (77, 2, 3)
    (outlier,) = got["quarantined"]
    assert outlier["reason"] == "high_wick"
    assert outlier["value"] == 1e5
    assert outlier["open_time"] == "2025-01-01T03:20:00Z"


def test_identical_repeated_rows_are_folded_and_counted(tmp_path: Path) -> None:
    table = frame(20)
    write_csv(pd.concat([table[:6], table[5:]]), tmp_path / "a.csv")
    got = run("import", str(tmp_path / "a.csv"), *NAME)
    assert (got["rows"], got["repeated"]) == (20, 1)


def test_verify_ends_with_one_while_something_is_open_and_repairs(tmp_path: Path) -> None:
    write_csv(frame(20), tmp_path / "good.csv")
    run("import", str(tmp_path / "good.csv"), *NAME)
    (tmp_path / "data/candles/bybit/BTC-USDT/5m.json").unlink()
    out = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("candles", "verify", "--json", stdout=out)
    assert stopped.value.code == 1
    assert json.loads(out.getvalue())["error"] == "candles_damaged"
    assert run("verify", "--repair")["problems"][0]["repaired"] == "sidecar rebuilt"
    assert run("verify")["problems"] == []


def test_the_real_process_ends_with_two_and_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x")
    done = subprocess.run(
        [
            sys.executable,
            "manage.py",
            "candles",
            "import",
            str(tmp_path / "a.csv"),
            *NAME,
            "--json",
        ],
        cwd=REPOSITORY,
        env=os.environ | {"GUARDIAN_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
