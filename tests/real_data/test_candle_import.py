"""All fifteen real files: counts as their manifest says, values bit-identical, oddities flagged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.fakes.clock import FakeClock
from trading.market.adapters.candles import ArrowCandleFiles, ParquetCandleStore
from trading.market.domain.bars import COLUMNS, BarFlag
from trading.market.ports.candles import SeriesKey
from trading.market.services.candles.imports import ImportResult, candles_import

pytestmark = pytest.mark.real_data
PDAI = "pulsex_PDAI-DAI_5m.parquet"


def _import(path: Path, record: dict[str, str], root: Path) -> tuple[SeriesKey, ImportResult]:
    key = SeriesKey(record["venue"], record["pair"], record["timeframe"])
    result = candles_import(
        store=ParquetCandleStore(root),
        reader=ArrowCandleFiles(),
        clock=FakeClock(1_800_000_000_000),
        path=path,
        key=key,
    )
    return key, result


def test_every_file_is_stored_as_its_manifest_says(shared_data: Path, tmp_path: Path) -> None:
    manifest = json.loads((shared_data / "candles" / "MANIFEST.json").read_text())
    assert len(manifest) == 15
    for name, record in manifest.items():
        path = shared_data / "candles" / name
        key, result = _import(path, record, tmp_path)
        assert result.info.rows == record["rows"], name
        assert result.info.missing_bars == record["missing_bars"], name
        stored = ParquetCandleStore(tmp_path).load(key)
        given = pq.read_table(path)
        for row, column in enumerate(COLUMNS):
            assert stored.values[row].tobytes() == given.column(column).to_numpy().tobytes(), name
        instants = given.column("timestamp").cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64())
        assert np.array_equal(stored.open_time, instants.to_numpy()), name


def test_the_oddities_of_the_on_chain_pair_are_flagged(shared_data: Path, tmp_path: Path) -> None:
    record = {"venue": "pulsex", "pair": "PDAI/DAI", "timeframe": "5m"}
    key, result = _import(shared_data / "candles" / PDAI, record, tmp_path)
    assert (result.info.gaps, result.info.missing_bars) == (4470, 5556)
    rules = [str(outlier.rule) for outlier in result.outliers]
    assert (rules.count("high_wick"), rules.count("low_wick")) == (1, 9)
    (wick,) = [outlier for outlier in result.outliers if outlier.rule == "high_wick"]
    assert wick.value / wick.reference == pytest.approx(1688, abs=5)
    stored = ParquetCandleStore(tmp_path).load(key)
    assert int((stored.flags & BarFlag.AFTER_GAP > 0).sum()) == 4470
    flagged = np.flatnonzero(stored.flags & BarFlag.QUARANTINED)
    assert flagged.tolist() == [outlier.index for outlier in result.outliers]
    assert len(flagged) < 0.001 * len(stored)  # outliers, not a filter of the market
