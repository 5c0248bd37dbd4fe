"""The round trips of a run, as people and files read them.

Source: reference specification of the optimizer, section 2C, trade rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.domain.evaluator.walk import (
    T_COST_BUY,
    T_COST_SELL,
    T_ENTRY,
    T_ENTRY_PRICE,
    T_EXIT,
    T_EXIT_PRICE,
    T_NOTIONAL,
    T_PROCEEDS,
    T_RETURN,
)
from trading.market.domain.bars import FloatArray


@dataclass(frozen=True, slots=True)
class Trade:
    """One round trip; indexes are of the bars filled on, prices quote per base, money quote."""

    entry_index: int
    exit_index: int
    entry_price: float
    exit_price: float
    cost_buy_quote: float
    cost_sell_quote: float
    notional_committed_quote: float
    proceeds_quote: float
    return_pct: float


def trades_of(rows: FloatArray, start: int) -> tuple[Trade, ...]:
    """Return the round trips of ``rows``, float64[k, 10] of ``walk``, indexes from ``start``."""
    return tuple(
        Trade(
            entry_index=int(row[T_ENTRY]) - start,
            exit_index=int(row[T_EXIT]) - start,
            entry_price=row[T_ENTRY_PRICE],
            exit_price=row[T_EXIT_PRICE],
            cost_buy_quote=row[T_COST_BUY],
            cost_sell_quote=row[T_COST_SELL],
            notional_committed_quote=row[T_NOTIONAL],
            proceeds_quote=row[T_PROCEEDS],
            return_pct=row[T_RETURN] * 100.0,
        )
        for row in rows.tolist()
    )
