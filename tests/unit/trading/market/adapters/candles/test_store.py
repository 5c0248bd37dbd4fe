from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.fakes.candles import series
from trading.base.domain.errors import BadInputError
from trading.market.adapters.candles import ParquetCandleStore
from trading.market.adapters.candles.sidecar import sidecar_load
from trading.market.domain.bars import HIGH, BarArrays, BarFlag
from trading.market.domain.series.digest import bars_digest
from trading.market.ports.candles import SeriesKey

KEY = SeriesKey("bybit", "BTC/USDT", "5m")


@pytest.fixture
def store(tmp_path: Path) -> ParquetCandleStore:
    return ParquetCandleStore(tmp_path)


def _file(tmp_path: Path) -> Path:
    return tmp_path / "bybit" / "BTC-USDT" / "5m.parquet"


def test_the_sidecar_tells_what_the_file_holds(store: ParquetCandleStore, tmp_path: Path) -> None:
    bars = series(100)
    bars.values[HIGH, 40] = 5000.0
    store.replace(KEY, bars, source="a test")
    record = json.loads(_file(tmp_path).with_suffix(".json").read_text())
    assert record["file_sha256"] == hashlib.sha256(_file(tmp_path).read_bytes()).hexdigest()
    assert record["digest"] == bars_digest(bars)
    assert (record["rows"], record["first"]) == (100, "2025-01-01T00:00:00Z")
    assert [q["rule"] for q in record["quarantined"]] == ["high_wick"]


def test_flags_are_stored_with_the_bars(store: ParquetCandleStore) -> None:
    bars = series(10)
    bars.flags[3] = BarFlag.QUARANTINED
    store.replace(KEY, bars, source="a test")
    assert store.load(KEY).flags.tolist() == bars.flags.tolist()


def test_one_flipped_byte_is_noticed_on_load(store: ParquetCandleStore, tmp_path: Path) -> None:
    store.replace(KEY, series(100), source="a test")
    content = bytearray(_file(tmp_path).read_bytes())
    content[len(content) // 2] ^= 1
    _file(tmp_path).write_bytes(content)
    with pytest.raises(BadInputError, match="checksum"):
        store.load(KEY)


@pytest.mark.parametrize("sidecar", [None, "", "{}", '{"format": 1', '{"format": 99}'])
def test_a_broken_sidecar_is_told_and_rebuilt(
    store: ParquetCandleStore, tmp_path: Path, sidecar: str | None
) -> None:
    bars = series(50)
    told = store.replace(KEY, bars, source="a test")
    path = _file(tmp_path).with_suffix(".json")
    path.unlink() if sidecar is None else path.write_text(sidecar)
    with pytest.raises(BadInputError, match="sidecar"):
        store.info(KEY)
    assert store.list() == []
    assert len(store.verify(repair=False)) == 1
    (problem,) = store.verify(repair=True)
    assert problem.repaired == "sidecar rebuilt"
    assert store.verify(repair=False) == []
    assert store.load(KEY).values.tobytes() == bars.values.tobytes()
    info = store.info(KEY)
    assert info is not None
    assert info.digest == told.digest


def test_a_damaged_file_is_moved_aside_on_repair(store: ParquetCandleStore, tmp_path: Path) -> None:
    store.replace(KEY, series(50), source="a test")
    _file(tmp_path).write_bytes(b"PAR1 but not really")
    assert [p.repaired for p in store.verify(repair=False)] == [""]
    assert "damaged" in store.verify(repair=True)[0].problem
    assert _file(tmp_path).with_suffix(".damaged").exists()
    assert store.info(KEY) is None
    assert store.verify(repair=False) == []


def test_leftovers_of_an_interrupted_write_are_told_and_removed(
    store: ParquetCandleStore, tmp_path: Path
) -> None:
    store.replace(KEY, series(50), source="a test")
    _file(tmp_path).with_name(".5m.parquet.999.tmp").write_bytes(b"half")
    (tmp_path / "bybit" / "BTC-USDT" / "1h.json").write_text("{}")
    assert len(store.verify(repair=False)) == 2
    assert all(p.repaired == "removed" for p in store.verify(repair=True))
    assert store.verify(repair=False) == []


def test_a_crash_between_sidecar_and_file_leaves_the_old_series(
    store: ParquetCandleStore, tmp_path: Path
) -> None:
    old, new = series(50), series(60, seed=2)
    store.replace(KEY, old, source="old")
    old_file = _file(tmp_path).read_bytes()
    store.replace(KEY, new, source="new")
    _file(tmp_path).write_bytes(old_file)  # as if the second rename never happened
    info = store.info(KEY)
    assert info is not None
    assert (info.rows, info.source) == (50, "old")
    assert store.load(KEY).values.tobytes() == old.values.tobytes()
    store.replace(KEY, new, source="new again")
    assert store.load(KEY).values.tobytes() == new.values.tobytes()


WRITER = """
import sys
from pathlib import Path
from tests.fakes.candles import series
from trading.market.adapters.candles import ParquetCandleStore
from trading.market.ports.candles import SeriesKey
store, key = ParquetCandleStore(Path(sys.argv[1])), SeriesKey("bybit", "BTC/USDT", "5m")
versions = [series(3000, seed=1), series(4000, seed=2)]
print("ready", flush=True)
while True:
    for bars in versions:
        with store.lock(key):
            store.replace(key, bars, source="loop")
"""


def test_a_writer_killed_at_any_moment_leaves_one_whole_version(
    store: ParquetCandleStore, tmp_path: Path
) -> None:
    known = {bars_digest(series(3000, seed=1)), bars_digest(series(4000, seed=2))}
    store.replace(KEY, series(3000, seed=1), source="first")
    rng = random.Random(7)
    for _ in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).resolve().parents[6],
        )
        assert process.stdout is not None
        process.stdout.readline()
        try:
            process.wait(timeout=rng.uniform(0.01, 0.12))
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert bars_digest(store.load(KEY)) in known
        assert store.info(KEY) is not None


@pytest.mark.parametrize(
    "names",
    [
        ("../etc", "BTC/USDT", "5m"),
        ("", "BTC/USDT", "5m"),
        ("币安", "BTC/USDT", "5m"),
        ("bybit", "../..", "5m"),
        ("bybit", ".A/B.", "5m"),
        ("bybit", "BTC/USDT", "../5m"),
        ("bybit", "BTC/USDT", "٥m"),
        ("v" * 41, "BTC/USDT", "5m"),
        ("bybit", "B" * 21 + "/USDT", "5m"),
    ],
)
def test_a_name_that_fits_no_folder_is_refused(
    store: ParquetCandleStore, names: tuple[str, str, str]
) -> None:
    with pytest.raises(BadInputError, match="expected"):
        store.info(SeriesKey(*names))


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (("Bybit", "btc-usdt", "60m"), "bybit BTC/USDT 1h"),
        (("bybit", "BTC/USDT", "1440m"), "bybit BTC/USDT 1d"),
        (("bybit", "BTC/USDT", "90m"), "bybit BTC/USDT 90m"),
        (("bybit", "BTC/USDT", "48h"), "bybit BTC/USDT 2d"),
        (("gate", "usdc.e/usdt", "5m"), "gate USDC.E/USDT 5m"),
        (("binance", "币安人生/USDT", "5m"), "binance 币安人生/USDT 5m"),
        (("v", "ＢＴＣ/éT", "5m"), "v BTC/ÉT 5m"),  # full width; composed or not
        (("v", "क" * 20 + "/" + "ж" * 20, "5m"), f"v {'क' * 20}/{'Ж' * 20} 5m"),
    ],
)
def test_however_a_series_is_written_it_is_one_and_comes_back(
    store: ParquetCandleStore, written: tuple[str, str, str], name: str
) -> None:
    store.replace(SeriesKey(*written), series(5), source="a test")
    (info,) = store.list()
    assert str(info.key) == name
    assert store.load(info.key).values.tobytes() == series(5).values.tobytes()
    assert store.verify(repair=False) == []


@pytest.mark.parametrize("is_half_done", [False, True])
def test_a_series_stored_under_another_name_of_its_timeframe_is_found_and_renamed(
    store: ParquetCandleStore, tmp_path: Path, is_half_done: bool
) -> None:
    hours = SeriesKey("bybit", "BTC/USDT", "1h")
    store.replace(hours, series(5, step_ms=3_600_000), source="a test")
    folder = tmp_path / "bybit" / "BTC-USDT"
    for suffix in (".parquet",) if is_half_done else (".json", ".parquet"):
        (folder / f"1h{suffix}").rename(folder / f"60m{suffix}")
    assert [info.key for info in store.list()] == [hours]
    assert len(store.load(hours)) == 5
    assert not list(folder.glob("60m*"))


def test_two_files_of_one_series_are_told_and_neither_is_lost(
    store: ParquetCandleStore, tmp_path: Path
) -> None:
    hours = SeriesKey("bybit", "BTC/USDT", "1h")
    store.replace(hours, series(5, step_ms=3_600_000), source="a test")
    folder = tmp_path / "bybit" / "BTC-USDT"
    (folder / "60m.parquet").write_bytes((folder / "1h.parquet").read_bytes())
    (problem,) = store.verify(repair=True)
    assert "60m.parquet" in problem.series
    assert "candles import" in problem.problem
    assert (folder / "60m.parquet").exists()
    assert len(store.list()) == 1


def test_a_file_that_names_no_series_is_told(store: ParquetCandleStore, tmp_path: Path) -> None:
    odd = tmp_path / "bybit" / "nonsense" / "5m.parquet"
    odd.parent.mkdir(parents=True)
    odd.write_bytes(b"")
    assert [p.series for p in store.verify(repair=False)] == ["bybit/nonsense/5m.parquet"]


def test_a_sidecar_reads_back_as_written(store: ParquetCandleStore, tmp_path: Path) -> None:
    store.replace(KEY, series(10), source="one")
    store.replace(KEY, series(12), source="two")
    sidecar = sidecar_load(_file(tmp_path).with_suffix(".json"))
    assert sidecar is not None
    assert sidecar.previous is not None
    assert (sidecar.info.rows, sidecar.previous.info.rows) == (12, 10)
    assert sidecar.dump() == _file(tmp_path).with_suffix(".json").read_bytes()


def test_values_keep_every_bit(store: ParquetCandleStore) -> None:
    bars = series(4)
    values = bars.values.copy()
    values[:4] = np.array([[0.1 + 0.2, 5e-324, 1.7e308, 1 / 3]] * 4)
    odd = BarArrays(bars.open_time, values, bars.flags)
    store.replace(KEY, odd, source="a test")
    assert store.load(KEY).values.tobytes() == values.tobytes()
