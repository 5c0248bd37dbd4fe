"""Candles and costs by their digest: into the database, and out of it into another machine.

A worker keeps candles in its own data directory, as arrays to be mapped. What comes from the
database and what lies on the disk already is checked against its digest before it is used.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from optimizer.adapters.run_files import candles_map, candles_write
from optimizer.adapters.workers.requests import Costs, costs_decode
from optimizer.models import DataBlob
from optimizer.ports.machines import WorkRefusedError
from trading.market.domain.bars import BarArrays

KEPT: Final = 8  # data sets on a worker's disk; of the rest the longest unused are removed
_HEAD: Final = struct.Struct("<8sQQ")  # what it is, columns, bars
_MAGIC: Final = b"candles1"


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of content."""
    return hashlib.sha256(content).hexdigest()


def candles_pack(bars: BarArrays) -> bytes:
    """Return candles as bytes, little-endian, always the same for the same candles."""
    columns, count = bars.values.shape
    return b"".join(
        (
            _HEAD.pack(_MAGIC, columns, count),
            np.ascontiguousarray(bars.open_time, dtype="<i8").tobytes(),
            np.ascontiguousarray(bars.values, dtype="<f8").tobytes(),
            np.ascontiguousarray(bars.flags, dtype="u1").tobytes(),
        )
    )


def candles_unpack(content: bytes) -> BarArrays:
    """Return the candles of ``candles_pack``.

    Raises:
        WorkRefusedError: the content is something else.
    """
    magic, columns, count = (
        _HEAD.unpack_from(content) if len(content) >= _HEAD.size else (b"", 0, 0)
    )
    at_values = _HEAD.size + 8 * count
    at_flags = at_values + 8 * count * columns
    if magic != _MAGIC or len(content) != at_flags + count:
        raise WorkRefusedError(f"{len(content)} bytes of candles have a form unknown here")
    values = np.frombuffer(content, dtype="<f8", count=columns * count, offset=at_values)
    return BarArrays(
        np.frombuffer(content, dtype="<i8", count=count, offset=_HEAD.size).astype(np.int64),
        values.astype(np.float64).reshape(columns, count),
        np.frombuffer(content, dtype="u1", count=count, offset=at_flags).astype(np.uint8),
    )


def blob_store(content: bytes, now: datetime) -> str:
    """Put content into the database unless it is there, and return its digest."""
    digest = digest_of(content)
    if not DataBlob.objects.filter(pk=digest).update(used_at=now):
        blob = DataBlob(digest=digest, content=content, created_at=now, used_at=now)
        DataBlob.objects.bulk_create([blob], ignore_conflicts=True)
    return digest


def blob_fetch(digest: str) -> bytes:
    """Return the content with this digest from the database.

    Raises:
        WorkRefusedError: there is none, or it was damaged.
    """
    stored = DataBlob.objects.filter(pk=digest).values_list("content", flat=True).first()
    if stored is None:
        raise WorkRefusedError(f"data {digest[:12]} is not in the database")
    content = bytes(stored)
    found = digest_of(content)
    if found != digest:
        raise WorkRefusedError(f"data {digest[:12]} in the database has the digest {found[:12]}")
    return content


class MachineData:
    """The data sets of this machine."""

    def __init__(self, folder: Path) -> None:
        """Name the folder that holds one folder per data set."""
        self._folder = folder

    def costs(self, digest: str) -> Costs:
        """Return a cost schedule.

        Raises:
            WorkRefusedError: it is not in the database, or was damaged.
        """
        return costs_decode(blob_fetch(digest))

    def candles(self, digest: str) -> Path:
        """Return the folder of mapped candles, fetched if this machine has not got them.

        Raises:
            WorkRefusedError: they are not in the database, or were damaged there.
        """
        folder = self._folder / digest
        if folder.exists() and not _is_whole(folder, digest):
            shutil.rmtree(folder)  # half a disk failure; the database has the whole
        if not folder.exists():
            candles_write(folder, candles_unpack(blob_fetch(digest)))
            self._forget(folder)
        os.utime(folder)  # used now, so not among the longest unused
        return folder

    def _forget(self, newest: Path) -> None:
        # names with a dot in front are being written
        others = [path for path in self._folder.glob("[!.]*") if path != newest]
        others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        for path in others[KEPT - 1 :]:
            shutil.rmtree(path, ignore_errors=True)  # who maps it keeps it until done


def _is_whole(folder: Path, digest: str) -> bool:
    try:
        return digest_of(candles_pack(candles_map(folder))) == digest
    except (OSError, ValueError):
        return False
