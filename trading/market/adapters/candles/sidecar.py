"""The JSON beside each candle file: what the file holds, its checksums and its outliers.

The sidecar is written before the candle file and describes both the file to come and the one
still in place (``previous``). Whichever of the two a crash leaves behind, its checksum is known,
so a replace is atomic over two files.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from trading.market.domain.bars import BarArrays
from trading.market.domain.series.digest import bars_digest
from trading.market.domain.series.quality import QualityReport
from trading.market.domain.series.spans import Span
from trading.market.ports.candles import SeriesInfo, SeriesKey

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Sidecar:
    """One version of a stored series, and the version it replaced."""

    info: SeriesInfo
    file_sha256: str
    file_bytes: int
    quarantined: tuple[dict[str, Any], ...]
    previous: Sidecar | None = None

    def version_of(self, file_sha256: str) -> Sidecar | None:
        """Return the version whose candle file has this checksum."""
        if file_sha256 == self.file_sha256:
            return replace(self, previous=None)
        if self.previous is not None and file_sha256 == self.previous.file_sha256:
            return self.previous
        return None

    def version_with_digest(self, digest: str) -> Sidecar | None:
        """Return the version whose bars have this digest."""
        if digest == self.info.digest:
            return replace(self, previous=None)
        if self.previous is not None and digest == self.previous.info.digest:
            return self.previous
        return None

    def dump(self) -> bytes:
        """Return the JSON text."""
        return (json.dumps(self._record(), indent=1, allow_nan=False) + "\n").encode()

    def _record(self) -> dict[str, Any]:
        info = self.info
        return {
            "format": FORMAT,
            "venue": info.key.venue,
            "pair": info.key.pair,
            "timeframe": info.key.timeframe,
            "rows": info.rows,
            "first": iso(info.first_open),
            "last": iso(info.last_open),
            "first_open": info.first_open,
            "last_open": info.last_open,
            "gaps": info.gaps,
            "missing_bars": info.missing_bars,
            "digest": info.digest,
            "source": info.source,
            "answered": info.answered,
            "file_sha256": self.file_sha256,
            "file_bytes": self.file_bytes,
            "quarantined": list(self.quarantined),
            "previous": None if self.previous is None else self.previous._record(),
        }


def sidecar_build(
    key: SeriesKey,
    bars: BarArrays,
    report: QualityReport,
    *,
    source: str,
    answered: tuple[Span, ...] = (),
) -> Sidecar:
    """Return the sidecar of ``bars``; the file's checksum is filled in once it is written."""
    info = SeriesInfo(
        key=key,
        rows=len(bars),
        first_open=int(bars.open_time[0]),
        last_open=int(bars.open_time[-1]),
        gaps=report.gaps,
        missing_bars=report.missing_bars,
        n_quarantined=len(report.outliers),
        digest=bars_digest(bars),
        source=source,
        answered=answered,
    )
    quarantined = tuple(
        {
            "open_time": iso(outlier.open_time),
            "rule": str(outlier.rule),
            "value": outlier.value,
            "reference": outlier.reference,
        }
        for outlier in report.outliers
    )
    return Sidecar(info, file_sha256="", file_bytes=0, quarantined=quarantined)


def sidecar_load(path: Path) -> Sidecar | None:
    """Return the sidecar at ``path``, or None when there is none that can be read."""
    try:
        record = json.loads(path.read_bytes())
        return _parse(record)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        # a broken sidecar counts as none: the store names it and `candles verify` rebuilds it
        return None


def iso(open_ms: int) -> str:
    """Return ``open_ms`` as ISO-8601 UTC."""
    return datetime.fromtimestamp(open_ms / 1000, UTC).isoformat().replace("+00:00", "Z")


def _parse(record: dict[str, Any]) -> Sidecar:
    if record["format"] != FORMAT:
        raise ValueError(f"sidecar format was {record['format']!r}; expected {FORMAT}")
    quarantined = tuple(record["quarantined"])
    info = SeriesInfo(
        key=SeriesKey(record["venue"], record["pair"], record["timeframe"]),
        rows=int(record["rows"]),
        first_open=int(record["first_open"]),
        last_open=int(record["last_open"]),
        gaps=int(record["gaps"]),
        missing_bars=int(record["missing_bars"]),
        n_quarantined=len(quarantined),
        digest=str(record["digest"]),
        source=str(record["source"]),
        # sidecars of earlier versions do not know
        answered=tuple((int(a), int(b)) for a, b in record.get("answered", ())),
    )
    previous = record["previous"]
    return Sidecar(
        info,
        file_sha256=str(record["file_sha256"]),
        file_bytes=int(record["file_bytes"]),
        quarantined=quarantined,
        previous=None if previous is None else _parse(previous),
    )
