"""Keep candle series as Parquet files: ``<root>/<venue>/<BASE-QUOTE>/<timeframe>.parquet``.

Values go in and come out bit-identical; what is known about a bar beyond its values is a flag. A
file is only ever replaced as a whole, its checksum is compared on every load.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from trading.base.adapters.atomic import TEMPORARY_SUFFIX, file_lock, write_atomic
from trading.base.domain.errors import BadInputError
from trading.market.adapters.candles.sidecar import Sidecar, sidecar_build, sidecar_load
from trading.market.domain.bars import COLUMNS, BarArrays
from trading.market.domain.instruments import Pair
from trading.market.domain.series.digest import bars_digest
from trading.market.domain.series.quality import quality_check
from trading.market.domain.series.spans import Span
from trading.market.domain.timeframes import timeframe_ms, timeframe_name
from trading.market.ports.candles import SeriesInfo, SeriesKey, SeriesProblem

_VENUE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}\Z")
_BOTH: Final = (".json", ".parquet")  # a series is two files
_DIGEST_KEY: Final = b"guardian.digest"
_SCHEMA: Final = pa.schema(
    [
        pa.field("open_time", pa.timestamp("ms", tz="UTC"), nullable=False),
        *(pa.field(name, pa.float64(), nullable=False) for name in COLUMNS),
        pa.field("flags", pa.uint8(), nullable=False),
    ]
)


class ParquetCandleStore:
    """Fulfils ``trading.market.ports.candles.CandleStore`` in one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def list(self) -> Sequence[SeriesInfo]:
        """Return every intact series, ordered by key; damaged ones are named by ``verify``."""
        found = {}
        for path in self._root.glob("*/*/*.parquet"):
            try:
                key = self._key(path)
                info = self.info(key)
            except BadInputError:  # told, with the reason, by ``verify`` and ``load``
                continue
            if info is not None:
                found[key] = info
        return [found[key] for key in sorted(found)]

    def info(self, key: SeriesKey) -> SeriesInfo | None:
        """Return what is stored for the key, or None when there is nothing; see the port."""
        path = self._series_path(key)
        if not path.exists():
            return None
        sidecar = self._sidecar(key, path)
        version = sidecar if sidecar.previous is None else _version_in_place(sidecar, path)
        if version is None:
            raise BadInputError(f"{key}: the candle file is damaged; run `candles verify --repair`")
        return version.info

    def load(
        self, key: SeriesKey, *, start_ms: int | None = None, end_ms: int | None = None
    ) -> BarArrays:
        """Return the bars with ``start_ms <= open_time < end_ms``; see the port for the errors."""
        path = self._series_path(key)
        if not path.exists():
            raise BadInputError(f"no candles are stored for {key}; see `candles list`")
        content = path.read_bytes()
        if self._sidecar(key, path).version_of(hashlib.sha256(content).hexdigest()) is None:
            raise BadInputError(
                f"{key}: the candle file does not match its checksum; run `candles verify --repair`"
            )
        bars = _from_parquet(content)
        start = 0 if start_ms is None else int(np.searchsorted(bars.open_time, start_ms))
        stop = len(bars) if end_ms is None else int(np.searchsorted(bars.open_time, end_ms))
        return bars.slice(start, max(start, stop))

    def replace(
        self,
        key: SeriesKey,
        bars: BarArrays,
        *,
        source: str,
        answered: tuple[Span, ...] | None = None,
    ) -> SeriesInfo:
        """Store the whole series atomically; the old file stays intact when this fails."""
        if len(bars) == 0:
            raise BadInputError(f"{key}: nothing to store; expected at least one bar")
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        report = quality_check(bars.open_time, bars.values, timeframe_ms(key.timeframe))
        before = self._in_place(path)
        if answered is None:
            answered = () if before is None else before.info.answered
        sidecar = sidecar_build(key, bars, report, source=source, answered=answered)
        content = _to_parquet(bars, sidecar.info.digest)
        sidecar = replace(
            sidecar,
            file_sha256=hashlib.sha256(content).hexdigest(),
            file_bytes=len(content),
            previous=before,
        )
        write_atomic(path.with_suffix(".json"), sidecar.dump())
        write_atomic(path, content)
        return sidecar.info

    def lock(self, key: SeriesKey) -> AbstractContextManager[None]:
        """Keep other writers of the series out; released by the kernel when the process dies."""
        path = self._path(key)
        return file_lock(path.with_name(f".{path.stem}.lock"))

    def verify(self, *, repair: bool) -> Sequence[SeriesProblem]:
        """Return everything wrong in the store; with ``repair``, mend what can be mended.

        A missing or broken sidecar is rebuilt from its candle file when the digest inside that
        file proves the values; a damaged candle file is moved aside, so that it can be imported
        again; leftovers of interrupted writes are removed.
        """
        self.list()  # gives files of older versions the names they have now
        problems: list[SeriesProblem] = []
        for path in sorted(self._root.glob("*/*/*.parquet")):
            try:
                key = self._key(path)
                if self._path(key) != path:
                    raise BadInputError(_twin_text(key, path))
            except BadInputError as error:
                problems.append(self._problem(path, str(error)))
                continue
            with self.lock(key):
                problems += self._verify_one(key, path, repair=repair)
        problems += self._verify_strays(repair=repair)
        return problems

    def _verify_one(self, key: SeriesKey, path: Path, *, repair: bool) -> Sequence[SeriesProblem]:
        content = path.read_bytes()
        try:
            bars = _from_parquet(content)
            told = pq.read_schema(pa.BufferReader(content)).metadata.get(_DIGEST_KEY, b"").decode()
            intact = bars_digest(bars) == told
        except (pa.ArrowException, KeyError, OSError):
            bars, intact = None, False
        sidecar = sidecar_load(path.with_suffix(".json"))
        if bars is None or not intact:
            moved = path.with_suffix(".damaged")
            if repair:
                path.replace(moved)
                path.with_suffix(".json").unlink(missing_ok=True)
            done = f"moved to {moved.name}; import the candles again" if repair else ""
            return [SeriesProblem(str(key), "the candle file is damaged", done)]
        if sidecar is not None and sidecar.version_of(hashlib.sha256(content).hexdigest()):
            return []
        if repair:
            source = "rebuilt by candles verify" if sidecar is None else sidecar.info.source
            self.replace(key, bars, source=source)
        return [
            SeriesProblem(
                str(key),
                "the sidecar is missing, unreadable or of another file; the candles are intact",
                "sidecar rebuilt" if repair else "",
            )
        ]

    def _verify_strays(self, *, repair: bool) -> Sequence[SeriesProblem]:
        problems, done = [], "removed" if repair else ""
        for path in sorted(self._root.glob(f"*/*/.*{TEMPORARY_SUFFIX}")):
            # under the writer's lock, or a write still under way would lose its file
            with file_lock(path.with_name(f".{path.name.split('.')[1]}.lock")):
                if not path.exists():
                    continue
                if repair:
                    path.unlink()
            problems.append(self._problem(path, "an interrupted write left this file", done))
        for path in sorted(self._root.glob("*/*/*.json")):
            if not path.with_suffix(".parquet").exists():
                if repair:
                    path.unlink()
                problems.append(self._problem(path, "a sidecar without a candle file", done))
        return problems

    def _problem(self, path: Path, problem: str, done: str = "") -> SeriesProblem:
        return SeriesProblem(str(path.relative_to(self._root)), problem, done)

    def _in_place(self, path: Path) -> Sidecar | None:
        """Return the version now on disk, for the sidecar of its successor."""
        sidecar = sidecar_load(path.with_suffix(".json"))
        if sidecar is None or not path.exists():
            return None
        return sidecar.version_of(hashlib.sha256(path.read_bytes()).hexdigest())

    @staticmethod
    def _sidecar(key: SeriesKey, path: Path) -> Sidecar:
        sidecar = sidecar_load(path.with_suffix(".json"))
        if sidecar is None:
            raise BadInputError(
                f"{key}: the sidecar {path.stem}.json is missing or unreadable; "
                "run `candles verify --repair`"
            )
        return sidecar

    def _key(self, path: Path) -> SeriesKey:
        key = SeriesKey(path.parts[-3], path.parts[-2], path.stem)
        self._path(key)
        return key

    def _series_path(self, key: SeriesKey) -> Path:
        """Return where the series is; one stored under another name of its timeframe is renamed."""
        path = self._path(key)
        if path.exists():
            return path
        for other in path.parent.glob("*.parquet"):
            if _is_timeframe(other.stem) and timeframe_name(other.stem) == key.timeframe:
                with self.lock(key):
                    # the sidecar first: without it, a name that is left half way can be told
                    for old, new in ((other.with_suffix(s), path.with_suffix(s)) for s in _BOTH):
                        if old.exists():
                            old.replace(new)
                return path
        return path

    def _path(self, key: SeriesKey) -> Path:
        if not _VENUE.match(key.venue):
            raise BadInputError(
                f"venue was {key.venue[:60]!r}; expected 1 to 40 of a-z, 0-9, dash and underscore"
            )
        return self._root / key.venue / Pair.parse(key.pair).slug / f"{key.timeframe}.parquet"


def _is_timeframe(name: str) -> bool:
    try:
        timeframe_ms(name)
    except BadInputError:
        return False
    return True


def _twin_text(key: SeriesKey, path: Path) -> str:
    return (
        f"this is {key} too, which is stored as {key.timeframe}.parquet; run candles import "
        f"{path} --venue {key.venue} --pair {key.pair} --timeframe {key.timeframe}, then remove it"
    )


def _version_in_place(sidecar: Sidecar, path: Path) -> Sidecar | None:
    try:
        metadata: dict[bytes, bytes] = pq.read_schema(path).metadata or {}
    except (pa.ArrowException, OSError):  # damaged: named by ``verify`` and refused by ``load``
        return None
    return sidecar.version_with_digest(metadata.get(_DIGEST_KEY, b"").decode())


def _to_parquet(bars: BarArrays, digest: str) -> bytes:
    columns: dict[str, Any] = {"open_time": pa.array(bars.open_time, pa.timestamp("ms", tz="UTC"))}
    columns |= {name: pa.array(row) for name, row in zip(COLUMNS, bars.values, strict=True)}
    columns["flags"] = pa.array(bars.flags)
    table = pa.table(columns, schema=_SCHEMA.with_metadata({_DIGEST_KEY: digest.encode()}))
    sink = pa.BufferOutputStream()
    # prices hardly repeat: dictionaries would only cost time and space
    pq.write_table(table, sink, compression="zstd", use_dictionary=False)
    return bytes(sink.getvalue())


def _from_parquet(content: bytes) -> BarArrays:
    table = pq.read_table(pa.BufferReader(content))
    values = np.empty((len(COLUMNS), table.num_rows))
    for row, name in enumerate(COLUMNS):
        values[row] = table.column(name).to_numpy()
    open_time = table.column("open_time").cast(pa.int64()).to_numpy().copy()
    return BarArrays(open_time, values, table.column("flags").to_numpy().copy())
