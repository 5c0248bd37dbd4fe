"""What a system wants, bar by bar where it wants anything: the link between scan and walk."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

BUY_FLAG: Final = 1
SELL_FLAG: Final = 2


class Signals(NamedTuple):
    """Position changes wanted: bar numbers int32[k], strictly growing, and flags int8[k].

    A bar may carry both flags; a buy while holding and a sell while flat mean nothing.
    """

    at: npt.NDArray[np.int32]
    side: npt.NDArray[np.int8]


class SignalRows(NamedTuple):
    """The signals of many runs: int32[rows, m], int8[rows, m], and how many a row has, int64[rows].

    What stands behind a row's count means nothing.
    """

    at: npt.NDArray[np.int32]
    side: npt.NDArray[np.int8]
    counts: npt.NDArray[np.int64]
