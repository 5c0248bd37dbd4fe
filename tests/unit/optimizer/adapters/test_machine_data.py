"""Candles and costs by digest: what arrives is what was sent, and what was damaged is refused."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from optimizer.adapters.run_files import candles_map
from optimizer.adapters.workers.blobs import (
    KEPT,
    MachineData,
    blob_store,
    candles_pack,
    candles_unpack,
)
from optimizer.adapters.workers.requests import costs_encode
from optimizer.models import DataBlob
from optimizer.ports.machines import WorkRefusedError
from tests.factories import NOW
from tests.oracles import paths

pytestmark = pytest.mark.django_db

BARS = paths.path(3, 400)


def test_candles_survive_the_way_bit_for_bit() -> None:
    there = candles_unpack(candles_pack(BARS))
    for name in ("open_time", "values", "flags"):
        before, after = getattr(BARS, name), getattr(there, name)
        assert after.dtype == before.dtype
        assert after.tobytes() == before.tobytes()


def test_a_machine_fetches_candles_once_and_maps_them(tmp_path: Path) -> None:
    digest = blob_store(candles_pack(BARS), NOW)
    data = MachineData(tmp_path)
    folder = data.candles(digest)
    assert np.array_equal(candles_map(folder).values, BARS.values)
    DataBlob.objects.all().delete()
    assert data.candles(digest) == folder


def test_content_stored_twice_is_one_blob_used_later() -> None:
    later = NOW.replace(year=NOW.year + 1)
    assert blob_store(b"costs", NOW) == blob_store(b"costs", later)
    blob = DataBlob.objects.get()
    assert (blob.created_at, blob.used_at) == (NOW, later)


def test_candles_damaged_on_the_disk_are_fetched_again(tmp_path: Path) -> None:
    digest = blob_store(candles_pack(BARS), NOW)
    data = MachineData(tmp_path)
    values = data.candles(digest) / "values.npy"
    content = bytearray(values.read_bytes())
    content[-1] ^= 1
    values.write_bytes(content)
    assert np.array_equal(candles_map(data.candles(digest)).values, BARS.values)
    values.unlink()
    assert np.array_equal(candles_map(data.candles(digest)).values, BARS.values)


def test_content_damaged_in_the_database_is_refused_with_both_digests(tmp_path: Path) -> None:
    digest = blob_store(candles_pack(BARS), NOW)
    DataBlob.objects.update(content=candles_pack(paths.path(4, 400)))
    with pytest.raises(WorkRefusedError, match=f"{digest[:12]} in the database has the digest"):
        MachineData(tmp_path).candles(digest)
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_there_or_is_something_else_is_refused(tmp_path: Path) -> None:
    data = MachineData(tmp_path)
    with pytest.raises(WorkRefusedError, match="is not in the database"):
        data.costs("ab" * 32)
    for content in (b"", costs_encode(((1.0,), (2.0,))) * 9, candles_pack(BARS)[:-1]):
        with pytest.raises(WorkRefusedError, match="candles"):
            data.candles(blob_store(content, NOW))


def test_data_sets_longest_unused_make_room(tmp_path: Path) -> None:
    data = MachineData(tmp_path)
    digests = [blob_store(candles_pack(paths.path(seed, 300)), NOW) for seed in range(KEPT + 2)]
    for age, digest in enumerate(digests[:KEPT]):
        os.utime(data.candles(digest), (1000 + age, 1000 + age))
    data.candles(digests[0])  # used again
    data.candles(digests[KEPT])
    data.candles(digests[KEPT + 1])
    left = {path.name for path in tmp_path.iterdir()}
    assert left == set(digests) - {digests[1], digests[2]}
