"""Every bad candle file gives one line and exit code 2, and the store stays as it was."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.fakes.candle_files import NAME, frame, refused, run, write_csv


@pytest.fixture(autouse=True)
def _data_dir(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "data"


def _edit(**cells: Any) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        table = frame().astype(object)
        table["timestamp"] = table["timestamp"].astype(str)
        for column, value in cells.items():
            table.loc[7, column] = value
        write_csv(table, path)

    return write


def _reorder(order: list[int]) -> Callable[[Path], None]:
    return lambda path: write_csv(frame().iloc[order], path)


def _text(content: str | bytes) -> Callable[[Path], None]:
    data = content if isinstance(content, bytes) else content.encode()

    def write(path: Path) -> None:
        path.write_bytes(data)

    return write


def _doubled(path: Path) -> None:
    table = pd.concat([frame()[:8], frame()[7:]], ignore_index=True)
    table.loc[8, "close"] = table.loc[8, "low"]
    write_csv(table, path)


def _half_and_half(path: Path) -> None:
    table = frame(50)
    table["timestamp"] = table["timestamp"].astype(str)
    table.loc[20, "timestamp"] = table.loc[20, "timestamp"][:19]
    write_csv(table, path)


def _cut_off(path: Path) -> None:
    frame().to_parquet(path, index=False)
    path.write_bytes(path.read_bytes()[:-40])


HEADER = "timestamp,open,high,low,close,volume\n"
BAD: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "empty file": ("a.csv", _text(""), "empty"),
    "header only": ("a.csv", _text(HEADER), "no rows"),
    "missing column": (
        "a.csv",
        lambda p: write_csv(frame().drop(columns="volume"), p),
        "lacks volume",
    ),
    "no time column": (
        "a.csv",
        lambda p: write_csv(frame().drop(columns="timestamp"), p),
        "time column",
    ),
    "two time columns": (
        "a.csv",
        lambda p: write_csv(frame().assign(date=1), p),
        "timestamp and date",
    ),
    "semicolons": ("a.csv", _text(HEADER.replace(",", ";") + "1;2;3;4;5;6\n"), "by semicolons"),
    "ragged rows": ("a.csv", _text(HEADER + "2025-01-01T00:00Z,1,2\n"), "cannot be read"),
    "not a number": ("a.csv", _edit(close="12,5"), "line 9: was '12,5'"),
    "missing value": ("a.csv", _edit(close=None), "line 9: the value is missing"),
    "not finite": ("a.csv", _edit(high="inf"), "line 9 has a value that is not finite"),
    "written nan": ("a.csv", _edit(low="nan"), "line 9"),
    "negative price": ("a.csv", _edit(low=-5.0), "line 9 has a price that is not positive"),
    "zero price": ("a.csv", _edit(low=0.0), "line 9 has a price that is not positive"),
    "negative volume": ("a.csv", _edit(volume=-1.0), "line 9 has a negative volume"),
    "high below low": ("a.csv", _edit(high=1.0), "line 9 has its high below its low"),
    "low above the body": ("a.csv", _edit(low=101.0, high=900.0), "line 9 has its low above"),
    "not a time": ("a.csv", _edit(timestamp="yesterday"), "line 9: was 'yesterday'"),
    "time missing": ("a.csv", _edit(timestamp=None), "line 9: the time is missing"),
    "time off the grid": ("a.csv", _edit(timestamp="2025-01-01 00:36:00+00:00"), "line 9"),
    "zones in some rows": ("a.csv", _half_and_half, "zone"),
    "newest first": ("a.csv", _reorder(list(range(49, -1, -1))), "line 3 goes back in time"),
    "two rows swapped": ("a.csv", _reorder([0, 1, 3, 2, *range(4, 50)]), "line 5 goes back"),
    "contradicting rows": ("a.csv", _doubled, "line 9 and line 10 have the same time"),
    "longer bars": ("a.csv", lambda p: write_csv(frame(step_ms=900_000), p), "15m apart"),
    "shorter bars": ("a.csv", lambda p: write_csv(frame(step_ms=60_000), p), "line 3"),
    "in the future": ("a.csv", lambda p: write_csv(frame(start_ms=4_070_908_800_000), p), "future"),
    "before 2009": ("a.csv", lambda p: write_csv(frame(start_ms=0), p), "2009"),
    "wrong kind": ("a.parquet", _text(HEADER), "cannot be read as parquet"),
    "cut off parquet": (
        "a.parquet",
        _cut_off,
        "cannot be read",
    ),
    "wrong type": (
        "a.parquet",
        lambda p: frame().assign(open=True).to_parquet(p, index=False),
        "type bool",
    ),
    "broken feather": ("a.feather", _text("nonsense"), "cannot be read as feather"),
    "unknown ending": ("a.xlsx", _text("PK"), ".xlsx"),
    "an archive named csv": ("a.csv", _text(b"PK\x03\x04\n1,2\n"), "ZIP archive"),
    "parquet named csv": ("a.csv", _text(b"PAR1\x15\x04"), "Parquet"),
    "packed twice": ("a.csv.gz", _text(gzip.compress(gzip.compress(b"1,2"))), "twice"),
    "a server's page": ("a.csv", _text("<!DOCTYPE html>\n<p>Not found, sorry</p>"), "page"),
    "wide text without a mark": ("a.csv", _text(HEADER.encode("utf-16-le")), "UTF-16"),
    "another encoding": (
        "a.csv",
        _text(("note," + HEADER + "x,1,2,3,4,5,6\né,1,2,3,4,5,6\n").encode("latin-1")),
        "line 3 is not UTF-8",
    ),
    "a line above the header": ("a.csv", _text("# by hand\n" + HEADER), "'# by hand'"),
    "binary csv": ("a.csv", _text(b"\xff\xfe\x00\x01" * 40), "a.csv"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_gives_one_line_and_changes_nothing(kind: str, tmp_path: Path) -> None:
    write_csv(frame(20), tmp_path / "good.csv")
    run("import", str(tmp_path / "good.csv"), *NAME)
    before = {p: p.read_bytes() for p in (tmp_path / "data").rglob("*") if p.is_file()}
    name, write, expected = BAD[kind]
    write(tmp_path / name)
    line = refused("import", str(tmp_path / name), *NAME)
    assert expected in line
    assert name in line
    assert len(line) < 400
    assert before == {p: p.read_bytes() for p in (tmp_path / "data").rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--venue", "../up", "--pair", "BTC/USDT", "--timeframe", "5m"), "../up"),
        (("--venue", "bybit", "--pair", "BTCUSDT", "--timeframe", "5m"), "BTCUSDT"),
        (("--venue", "bybit", "--pair", "BTC/BTC", "--timeframe", "5m"), "base and quote"),
        (("--venue", "bybit", "--pair", "BTC/USDT", "--timeframe", "5x"), "5x"),
        (("--venue", "bybit", "--pair", "BTC/USDT", "--timeframe", "24H"), "did you mean 1d?"),
        (("--venue", "bybit", "--pair", "BTC/USDT", "--timeframe", "10080m"), "did you mean 7d?"),
        ((*NAME, "--prefer", "mine"), "mine"),
    ],
)
def test_a_bad_name_gives_one_line(
    arguments: tuple[str, ...], expected: str, tmp_path: Path
) -> None:
    write_csv(frame(20), tmp_path / "good.csv")
    assert expected in refused("import", str(tmp_path / "good.csv"), *arguments)
    assert not (tmp_path / "data").exists() or run("list")["series"] == []


def test_a_missing_file_gives_one_line(tmp_path: Path) -> None:
    assert "none.csv" in refused("import", str(tmp_path / "none.csv"), *NAME)


@pytest.mark.parametrize("since", ["0001-01-01", "2400-01-01", "2024-13-01"])
def test_a_download_begins_at_a_date_that_has_been(since: str) -> None:
    # year 1 was asked for window by window, a year to come was plain success
    assert since in refused("download", *NAME, "--since", since)
