"""Name the columns of candles that come without a header, where their shape leaves no doubt.

ccxt, Kraken's and Binance's dumps begin alike: time, open, high, low, close, volume. Venues with
another order exist, so the prices have to prove it: a high is not below open and close, a low not
above, and a volume is no price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from trading.base.domain.errors import BadInputError
from trading.market.domain.bars import CLOSE, COLUMNS, HIGH, LOW, OPEN, VOLUME, FloatArray
from trading.market.ports.candles import RowPlaces

_ORDER: Final = ("timestamp", *COLUMNS)
_SHAPES: Final = {
    6: ("ccxt", ()),
    7: ("Kraken's dumps", ("trades",)),
    12: (
        "Binance's dumps",
        ("close_time", "quote_volume", "trades", "taker_base", "taker_quote", "ignored"),
    ),
}
_HEADER: Final = "put a line that names the columns above it, such as " + ",".join(_ORDER)
_LEAST_ROWS: Final = 10  # with fewer, a volume may lie between low and high by chance
_MOST_ODD: Final = 0.5  # share of rows that can be wrong in a file of the right order


@dataclass(frozen=True, slots=True)
class CandleTable:
    """What a file holds.

    Attributes:
        names: of the columns, as written; by their shape where the file names none.
        columns: cells, as many columns as names, equal lengths.
        places: where each row stands.
        notes: what had to be assumed, as sentences.
        is_named: False when the file has no header and its order was taken from its shape.
    """

    names: Sequence[str]
    columns: Sequence[pa.ChunkedArray]
    places: RowPlaces
    notes: tuple[str, ...] = ()
    is_named: bool = True


def shape_named(name: str, cells: list[str], *, where: str) -> tuple[list[str], tuple[str, ...]]:
    """Return the names of the columns of which ``cells`` is the first row, and what to say of it.

    Raises:
        BadInputError: candles with so many columns are not known.
    """
    if len(cells) not in _SHAPES:
        raise BadInputError(
            f"{name} has no header, {where} is {','.join(cells)[:60]!r}; {len(cells)} columns are "
            f"not known (6 are ccxt's, 7 Kraken's, 12 Binance's): {_HEADER}"
        )
    whose, rest = _SHAPES[len(cells)]
    note = (
        f"{name} has no header; its {len(cells)} columns were taken as {', '.join(_ORDER)}"
        f"{', ...' if rest else ''}, the order of {whose}"
    )
    return [*_ORDER, *rest], (note,)


def order_check(name: str, values: FloatArray) -> None:
    """Refuse values that cannot be in the order assumed.

    Args:
        name: of the file, for messages.
        values: float64[5, n], as taken for open, high, low, close, volume.

    Raises:
        BadInputError: most highs and lows do not enclose, or each volume could be a price.
    """
    high, low = values[HIGH], values[LOW]
    with np.errstate(invalid="ignore"):
        top, bottom = (pick(values[OPEN], values[CLOSE]) for pick in (np.maximum, np.minimum))
        odd = (high < top) | (low > bottom)
        priced = (values[VOLUME] >= low) & (values[VOLUME] <= high)
    if odd.mean() > _MOST_ODD:
        raise BadInputError(
            f"{name} has no header and its columns are not {', '.join(_ORDER)}: in most rows the "
            f"third and fourth do not enclose the second and fifth; {_HEADER}"
        )
    if values.shape[1] >= _LEAST_ROWS and priced.all():
        raise BadInputError(
            f"{name} has no header and its sixth column lies between low and high in every row, "
            f"as an average price does and a volume does not; {_HEADER}"
        )
