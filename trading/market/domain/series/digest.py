"""Name a series by its content, so that a run can prove which candles it saw."""

from __future__ import annotations

import hashlib

import numpy as np

from trading.market.domain.bars import BarArrays


def bars_digest(bars: BarArrays) -> str:
    """Return the SHA-256 (hex) over open times and values; flags are derived and left out.

    The bytes are little-endian int64 open times, then the float64 columns in the order of
    ``COLUMNS``, so that equal digests mean bit-identical numbers on any machine.
    """
    sha = hashlib.sha256()
    sha.update(np.ascontiguousarray(bars.open_time, dtype="<i8").data)
    sha.update(np.ascontiguousarray(bars.values, dtype="<f8").data)
    return sha.hexdigest()
