"""Files without a header, JSON, changing units: taken where sure and said so, else refused."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.candle_files import NAME, refused, run
from tests.fakes.candles import series

HEADER = "timestamp,open,high,low,close,volume\n"
NEW_YEAR_2025 = 1_735_689_600_000


@pytest.fixture(autouse=True)
def _data_dir(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "data"


def candles(n: int = 30, start_ms: int = NEW_YEAR_2025) -> list[list[float]]:
    """Return ``[ms, open, high, low, close, volume]`` of each bar."""
    bars = series(n, start_ms=start_ms)
    return [
        [t, *values]
        for t, values in zip(bars.open_time.tolist(), bars.values.T.tolist(), strict=True)
    ]


def text(rows: list[list[Any]], end: str = "\n") -> str:
    return "".join(",".join(map(str, row)) + end for row in rows)


def _kraken(rows: list[list[float]]) -> list[list[Any]]:
    return [[int(t) // 1000, o, h, lo, c, v, 3] for t, o, h, lo, c, v in rows]


def _binance(rows: list[list[float]]) -> list[list[Any]]:
    return [[t * 1000, *r, (t + 300_000) * 1000 - 1, 9.5, 7, 1.0, 2.0, 0] for t, *r in rows]


TAKEN: dict[str, tuple[str, Callable[[list[list[Any]]], bytes], str]] = {
    "six columns": ("a.csv", lambda rows: text(rows).encode(), "no header"),
    "six columns, Windows line ends": ("a.csv", lambda r: text(r, "\r\n").encode(), "no header"),
    "six columns, ends of old spreadsheets": (
        "a.csv",
        lambda r: text(r, "\r").encode(),
        "no header",
    ),
    "a mark before the first byte": (
        "a.csv",
        lambda rows: b"\xef\xbb\xbf" + text(rows).encode(),
        "no header",
    ),
    "Kraken": ("XBTUSD_5.csv", lambda rows: text(_kraken(rows)).encode(), "Kraken"),
    "Binance, microseconds": ("a.csv", lambda rows: text(_binance(rows)).encode(), "Binance"),
    "lists": ("a.json", lambda rows: json.dumps(rows).encode(), "order of ccxt"),
    "lists, packed": ("a.json.gz", lambda r: gzip.compress(json.dumps(r).encode()), "of ccxt"),
    "lists of text": ("a.json", lambda rows: json.dumps(_binance(rows)).encode(), "Binance"),
    "csv, packed, with no such name": (
        "a.csv",
        lambda rows: gzip.compress((HEADER + text(rows)).encode()),
        "",
    ),
    "objects": (
        "a.json",
        lambda rows: json.dumps(
            [dict(zip(HEADER.strip().split(","), row, strict=True)) for row in rows]
        ).encode(),
        "",
    ),
    "exponents": (
        "a.csv",
        lambda rows: (
            HEADER + "".join(",".join(f"{v:.17e}" for v in row) + "\n" for row in rows)
        ).encode(),
        "",
    ),
}


@pytest.mark.parametrize("kind", TAKEN)
def test_a_file_whose_shape_leaves_no_doubt_is_taken_and_what_was_assumed_is_said(
    kind: str, tmp_path: Path
) -> None:
    name, write, note = TAKEN[kind]
    (tmp_path / "plain.csv").write_text(HEADER + text(candles()))
    (tmp_path / name).write_bytes(write(candles()))
    plain = run("import", str(tmp_path / "plain.csv"), "--venue", "plain", *NAME[2:])
    got = run("import", str(tmp_path / name), *NAME)
    assert got["digest"] == plain["digest"]
    assert note in " ".join(got["notes"])
    assert bool(got["notes"]) == bool(note)


@pytest.mark.parametrize(
    ("units", "words"),
    [
        ((1, 1000), "from milliseconds to microseconds at line 32"),
        ((1000, 1_000_000), "from microseconds to nanoseconds at line 32"),
        ((0.001, 1), "from seconds to milliseconds at line 32"),
    ],
)
def test_a_unit_that_changes_within_a_file_is_read_and_told(
    units: tuple[float, float], words: str, tmp_path: Path
) -> None:
    before = candles(30, NEW_YEAR_2025 - 30 * 300_000)
    rows = [[int(t * unit), *r] for part, unit in zip((before, candles()), units, strict=True)
            for t, *r in part]  # fmt: skip
    (tmp_path / "joined.csv").write_text(HEADER + text(rows))
    got = run("import", str(tmp_path / "joined.csv"), *NAME)
    assert (got["rows"], got["gaps"], got["first"]) == (60, 0, "2024-12-31T21:30:00Z")
    (note,) = got["notes"]
    assert words in note


def _other_order(order: tuple[int, ...]) -> bytes:
    return text([[row[i] for i in order] for row in candles()]).encode()


REFUSED: dict[str, tuple[str, bytes, str]] = {
    "low and high first (Coinbase)": ("a.csv", _other_order((0, 3, 2, 1, 4, 5)), "header"),
    "time, open, close, high, low (Huobi)": ("a.csv", _other_order((0, 1, 4, 2, 3, 5)), "header"),
    "an average where the volume is": ("a.csv", _other_order((0, 1, 2, 3, 4, 4)), "average price"),
    "eight columns (Kraken's answers)": (
        "a.csv",
        text([[*row[:5], row[4], row[5], 3] for row in candles()]).encode(),
        "8 columns are not known",
    ),
    "a JSON object": ("a.json", b'{"data": [], "code": 0}', "object with the keys data, code"),
    "a row of text": ("a.json", b'[[1735689600000,1,1,1,1,1], "x"]', "row 2: was a text"),
    "a short row": ("a.json", b"[[1735689600000,1,1,1,1,1],[1735689900000,1]]", "row 2 has 2"),
    "no JSON": ("a.json", b"[[1735689600000,1,1,1,1,", "cannot be read as JSON"),
    "no candles": ("a.json", b"[]", "no rows"),
    "broken packing": ("a.csv.gz", gzip.compress(b"x" * 99)[:-9], "cannot be read as gz"),
    "an archive": ("a.zip", b"PK\x03\x04", "unpack it"),
    "UTF-16": ("a.csv", (HEADER + "1,1,1,1,1,1\n").encode("utf-16"), "UTF-16"),
    "tabs": ("a.csv", HEADER.replace(",", "\t").encode(), "by tabs"),
    "underscores": ("a.csv", (HEADER + "1735689600000,1_0,1,1,1,1\n").encode(), "was '1_0'"),
    "a count in the wrong unit": (
        "a.csv",
        (HEADER + text(candles(3)) + "173569050000,1,1,1,1,1\n").encode(),
        "line 5: was 173569050000; expected seconds",
    ),
    "a bad cell below blank lines": (
        "a.csv",
        (HEADER + text(candles(2)) + "\n  \n\n" + "1735690200000,1,1,1,x,1\n").encode(),
        "line 7: was 'x'",
    ),
    "a bad bar below blank lines": (
        "a.csv",
        ("\r\n" + HEADER + text(candles(2)) + "\r\n1735690200000,1,9,2,1,1\r\n").encode(),
        "line 6 has its low above",
    ),
    "too few cells below blank lines": (
        "a.csv",
        (HEADER + "\n\n" + text(candles(2)) + "1735690200000,1\n").encode(),
        "line 6 has 2 cells; expected 6",
    ),
    "off the grid after repeated rows": (
        "a.csv",
        (HEADER + text([candles(1)[0]] * 3) + "1735689601000,1,1,1,1,1\n").encode(),
        "line 5: 2025-01-01T00:00:01Z is no open time",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_a_refusal_names_the_cause_and_the_line_an_editor_shows(kind: str, tmp_path: Path) -> None:
    name, content, words = REFUSED[kind]
    (tmp_path / name).write_bytes(content)
    line = refused("import", str(tmp_path / name), *NAME)
    assert words in line
    assert name in line
    assert len(line) < 400
    assert not list((tmp_path / "data").rglob("*.parquet"))
