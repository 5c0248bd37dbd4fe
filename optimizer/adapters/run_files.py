"""Write the files of a run so that each is whole or not there.

Source: optimizer issue, "Trial store and resume" (checkpoint with checksum, atomic writes).
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from trading.base.domain.file_named import file_named
from trading.market.domain.bars import BarArrays


def write_atomic(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content``: temporary file, fsync, rename.

    The desk's own for candles does so too, but its package loads Arrow, and workers load this one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # not of ``tempfile``, whose files nobody but their owner may read
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with file_named(path), fresh.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


class StudySnapshot:
    """State of the search with a SHA-256 of its exact bytes."""

    def __init__(self, path: Path) -> None:
        """Name the file."""
        self._path = path

    def save(self, state: Mapping[str, Any]) -> None:
        """Replace the snapshot atomically."""
        body = orjson.dumps(state)
        digest = hashlib.sha256(body).hexdigest().encode()
        write_atomic(self._path, b'{"sha256":"%s","state":%s}\n' % (digest, body))

    def load(self) -> dict[str, Any] | None:
        """Return the snapshot; None where there is none, it cannot be read or was damaged."""
        try:
            content = self._path.read_bytes()
        except OSError:
            return None
        head, _, rest = content.partition(b'","state":')
        body = rest[:-2]
        if head != b'{"sha256":"' + hashlib.sha256(body).hexdigest().encode():
            return None
        state: dict[str, Any] = orjson.loads(body)
        return state


def manifest_write(path: Path, manifest: Mapping[str, Any]) -> None:
    """Write what a run was started with."""
    write_atomic(path, orjson.dumps(manifest, option=orjson.OPT_INDENT_2) + b"\n")


def candles_write(folder: Path, bars: BarArrays) -> None:
    """Write candles as arrays that workers map into memory; a complete folder is left alone."""
    if (folder / "values.npy").exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".candles.") as name:
        fresh = Path(name) / "fresh"
        fresh.mkdir()
        with file_named(folder):
            np.save(fresh / "open_time.npy", np.ascontiguousarray(bars.open_time))
            np.save(fresh / "flags.npy", np.ascontiguousarray(bars.flags))
            np.save(fresh / "values.npy", np.ascontiguousarray(bars.values))
        try:
            fresh.rename(folder)
        except OSError:
            if not (folder / "values.npy").exists():
                raise  # not the race with another process that wrote the same


def candles_map(folder: Path) -> BarArrays:
    """Return candles mapped read-only, shared between all processes of a machine."""
    return BarArrays(
        open_time=np.asarray(np.load(folder / "open_time.npy", mmap_mode="r")),
        values=np.asarray(np.load(folder / "values.npy", mmap_mode="r")),
        flags=np.asarray(np.load(folder / "flags.npy", mmap_mode="r")),
    )
