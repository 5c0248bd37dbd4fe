"""Copies of candles stay as long as a study may map them, and go afterwards."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from optimizer.adapters.candle_copies import CandleCopies
from optimizer.adapters.run_files import candles_map
from tests.oracles import paths

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)
BARS = paths.path(3, 300)


@pytest.fixture
def copies(tmp_path: Path) -> CandleCopies:
    return CandleCopies(tmp_path / "candles")


def test_a_copy_is_written_once_and_mapped(copies: CandleCopies) -> None:
    path = copies.put("ab", BARS, NOW)
    assert path.name == "ab-300"
    np.testing.assert_array_equal(candles_map(path).values, BARS.values)
    written = (path / "values.npy").stat().st_mtime_ns
    assert copies.put("ab", BARS, NOW + DAY) == path
    assert (path / "values.npy").stat().st_mtime_ns == written
    assert path.stat().st_mtime == (NOW + DAY).timestamp()


def test_unused_copies_go_and_those_of_running_studies_and_of_today_stay(
    copies: CandleCopies, tmp_path: Path
) -> None:
    copies.put("old", BARS, NOW - 2 * DAY)
    needed = copies.put("needed", BARS, NOW - 2 * DAY)
    holdout = copies.put("needed", BARS.slice(0, 200), NOW - 2 * DAY)
    fresh = copies.put("fresh", BARS, NOW - DAY / 2)
    assert copies.forget(needed={"needed"}, before=NOW - DAY) == 1
    assert set(tmp_path.rglob("*-*")) == {needed, holdout, fresh}
    assert {path.name for path in fresh.parent.glob(".*")} == {".lock"}


def test_what_a_killed_process_left_half_written_or_half_removed_goes_with_time(
    copies: CandleCopies, tmp_path: Path
) -> None:
    folder = copies.put("ab", BARS, NOW).parent
    for name in (".candles.x1", ".gone.x2"):
        (folder / name / "inner").mkdir(parents=True)
        (folder / name / "inner" / "values.npy").write_bytes(b"half")
    assert copies.forget(needed=(), before=NOW) == 0
    later = datetime.now(tz=UTC) + DAY
    copies.put("ab", BARS, later)
    assert copies.forget(needed=(), before=later) == 2
    assert {path.name for path in folder.iterdir()} == {".lock", "ab-300"}


def test_a_copy_that_was_mapped_before_it_went_is_read_on(copies: CandleCopies) -> None:
    mapped = candles_map(copies.put("ab", BARS, NOW - 2 * DAY))
    assert copies.forget(needed=(), before=NOW) == 1
    np.testing.assert_array_equal(mapped.values, BARS.values)


def test_without_a_folder_there_is_nothing_to_forget(copies: CandleCopies, tmp_path: Path) -> None:
    assert copies.forget(needed=(), before=NOW) == 0
    assert not (tmp_path / "candles").exists()


def test_studies_that_begin_while_copies_are_removed_find_theirs_whole(
    copies: CandleCopies,
) -> None:
    """Who begins says so by using the copy, so it stays although no row names it yet."""
    copies.put("ab", BARS, NOW - 2 * DAY)
    over, removed = threading.Event(), []

    def forget() -> None:
        while not over.is_set():
            removed.append(copies.forget(needed=(), before=NOW))

    threads = [threading.Thread(target=forget) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        while sum(removed) < 5:
            path = copies.put("ab", BARS, NOW + DAY)
            assert len(candles_map(path)) == 300
            copies.put("ab", BARS, NOW - 2 * DAY)  # long unused again
    finally:
        over.set()
        for thread in threads:
            thread.join()
