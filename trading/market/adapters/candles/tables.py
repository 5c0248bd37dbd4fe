"""Open a candle file of any customary kind as a table of named columns, cells as they stand in it.

Text stays text, so that what is refused can be shown as the person wrote it. What a file is, is
told by its content where that is possible: CSV and JSON, compressed by gzip or not.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.feather as pa_feather
import pyarrow.parquet as pq

from trading.base.domain.errors import BadInputError
from trading.market.adapters.candles.csv_text import csv_table
from trading.market.adapters.candles.json_text import json_table
from trading.market.adapters.candles.shapes import CandleTable
from trading.market.ports.candles import RowPlaces

_TEXT: Final = frozenset({".csv", ".gz", ".json"})
_PARQUET: Final = frozenset({".parquet", ".pq"})
_FEATHER: Final = frozenset({".feather", ".arrow"})
_GZIP: Final = b"\x1f\x8b"
# by the first bytes of what is often given the name of a CSV file
_NO_TEXT: Final = (
    (b"PK\x03\x04", "a ZIP archive or a workbook; unpack it, or save the sheet as CSV"),
    (b"PAR1", "a Parquet file; let its name end in .parquet"),
    (b"ARROW1", "a Feather file; let its name end in .feather"),
    (_GZIP, "compressed twice; unpack it once"),
    (b"BZh", "compressed by bzip2; unpack it"),
    (b"\xfd7zXZ", "compressed by xz; unpack it"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd; unpack it"),
    (b"<", "a page or an error of a server; download the candles again"),
)


def table_open(path: Path) -> CandleTable:
    """Return the table in the file.

    Raises:
        BadInputError: it is no file of a known kind, or it is broken; the message says why.
    """
    if not path.is_file():
        raise BadInputError(f"{path} is not a file; expected a CSV, JSON, Parquet or Feather file")
    suffix = path.suffix.lower()
    if path.stat().st_size == 0:
        raise BadInputError(f"{path.name} is empty; expected at least one candle")
    try:
        if suffix in _TEXT:
            return _text_table(path)
        if suffix in _PARQUET:
            return _arrow_table(pq.read_table(path, partitioning=None))
        if suffix in _FEATHER:
            return _arrow_table(pa_feather.read_table(path))
    except (pa.ArrowException, OSError, ValueError, EOFError, zlib.error) as error:
        detail = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise BadInputError(
            f"{path.name} cannot be read as {suffix.lstrip('.')}: {detail[:160]}"
        ) from error
    unpack = "; unpack it and import the file inside" if suffix in {".zip", ".7z", ".rar"} else ""
    raise BadInputError(
        f"{path.name} ends in {suffix or 'nothing'!r}; expected .csv, .csv.gz, .json, .json.gz, "
        f".parquet, .pq, .feather or .arrow{unpack}"
    )


def _arrow_table(table: Any) -> CandleTable:
    return CandleTable(table.column_names, table.columns, RowPlaces())


def _text_table(path: Path) -> CandleTable:
    content = path.read_bytes()
    if content.startswith(_GZIP):
        content = gzip.decompress(content)
    content = content.removeprefix(b"\xef\xbb\xbf")
    if not content.strip():
        raise BadInputError(f"{path.name} is empty; expected at least one candle")
    _text_check(path.name, content)
    # editors count a line at \n, \r\n and the lone \r of old spreadsheets
    content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if content.lstrip()[:1] in {b"[", b"{"} or ".json" in path.suffixes:
        return json_table(path.name, content)
    return csv_table(path.name, content)


def _text_check(name: str, content: bytes) -> None:
    """Refuse what is no text, by what it is; its first line would be said to be a wrong header."""
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\x00" in content[:2]:
        raise BadInputError(f"{name} is UTF-16 text; save it as UTF-8")
    for begin, what in _NO_TEXT:
        if content.lstrip().startswith(begin):
            raise BadInputError(f"{name} is {what}")
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadInputError(f"{name}, line {line} is not UTF-8 text; save it as UTF-8") from error
    if b"\x00" in content:
        raise BadInputError(f"{name} holds bytes that are no text; expected CSV or JSON")
