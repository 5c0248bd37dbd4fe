"""Keep the books of one run over spans of bars instead of bars: cash, returns, drawdown, length.

Between two transitions the equity is either constant or proportional to the close, so its returns,
drawdown and underwater runs come from the market's shared summaries. The books are one float64
vector, changed in place.

Source: reference specification of the optimizer, sections 2A, 2B and 2C.
"""

from __future__ import annotations

from typing import Final

from optimizer.domain.features.drawdown import first_at_least, longest_gap, span_summary
from optimizer.domain.features.market import Market
from optimizer.domain.features.moments import span_moments
from optimizer.domain.kernels import part
from trading.market.domain.bars import CLOSE, FloatArray

# Places in the books.
CASH, TOKENS, COSTS, TRADED = range(4)  # quote, base, quote, quote
PEAK, LAST, WORST = range(4, 7)  # quote, quote, ratio <= 0
RETURNS, SQUARES, NEG_COUNT, NEG_SUM, NEG_SQUARES = range(7, 12)
RUN_START, LONGEST = range(12, 14)  # bar number or -1, bars
TRADES, WINS, LOSSES, WIN_SUM, LOSS_SUM = range(14, 19)
TRIPPED_AT, OBSERVED = range(19, 21)  # bar number or -1, ratio <= 0
FLOOR: Final = 21  # quote
SIZE: Final = 22
TINY: Final = 1e-9  # the reference's floor of denominators
# of the trade size: that floor at the reference's 1,000, and the same run in any currency
TINY_SHARE: Final = 1e-12


@part
def books_open(books: FloatArray, trade_size: float) -> None:
    """Make ``books`` those of a fresh run with ``trade_size`` quote in cash."""
    books[:] = 0.0
    books[CASH] = books[PEAK] = books[LAST] = trade_size
    books[RUN_START] = books[TRIPPED_AT] = -1.0
    books[FLOOR] = trade_size * TINY_SHARE


@part
def _add_return(books: FloatArray, value: float) -> None:
    books[RETURNS] += value
    books[SQUARES] += value * value
    if value < 0.0:
        books[NEG_COUNT] += 1.0
        books[NEG_SUM] += value
        books[NEG_SQUARES] += value * value


@part
def _under_water(books: FloatArray, first: int, last: int) -> None:
    if books[RUN_START] < 0.0:
        books[RUN_START] = first
    books[LONGEST] = max(books[LONGEST], last - books[RUN_START])


@part
def mark_flat(books: FloatArray, a: int, b: int) -> None:
    """Mark bars ``a`` to ``b - 1`` with the cash as equity."""
    if a >= b:
        return
    equity = books[CASH]
    _add_return(books, (equity - books[LAST]) / max(books[LAST], books[FLOOR]))
    if equity >= books[PEAK]:
        books[PEAK] = equity
        books[RUN_START] = -1.0
    else:
        books[WORST] = min(books[WORST], equity / books[PEAK] - 1.0)
        _under_water(books, a, b - 1)
    books[LAST] = equity


@part
def _mark_returns(market: Market, books: FloatArray, a: int, b: int) -> None:
    equity = books[TOKENS] * market.bars[CLOSE, a]
    _add_return(books, (equity - books[LAST]) / max(books[LAST], books[FLOOR]))
    if b - a > 1:
        moved = span_moments(market.bars[CLOSE], market.moments, a + 1, b)
        books[RETURNS] += moved.returns
        books[SQUARES] += moved.squares
        books[NEG_COUNT] += moved.negative_count
        books[NEG_SUM] += moved.negatives
        books[NEG_SQUARES] += moved.negative_squares
    books[LAST] = books[TOKENS] * market.bars[CLOSE, b - 1]


@part
def mark_held(market: Market, books: FloatArray, a: int, b: int) -> None:
    """Mark bars ``a`` to ``b - 1`` with the tokens at the close as equity."""
    if a >= b:
        return
    tokens, close = books[TOKENS], market.bars[CLOSE]
    _mark_returns(market, books, a, b)
    highest, lowest, ratio = span_summary(close, market.tree, a, b)
    before = tokens * lowest / books[PEAK]
    books[WORST] = min(books[WORST], min(before, ratio) - 1.0)
    if tokens * highest < books[PEAK]:
        _under_water(books, a, b - 1)
        return
    record = first_at_least(close, market.climbs, a, b, tokens, books[PEAK])
    if record > a:
        _under_water(books, a, record - 1)
    gap, record = longest_gap(market.climbs, record, b)
    books[LONGEST] = max(books[LONGEST], gap - 2.0)
    books[RUN_START] = -1.0
    if record < b - 1:
        _under_water(books, record + 1, b - 1)
    books[PEAK] = tokens * highest


@part
def flat_trip(books: FloatArray, a: int, cap: float) -> bool:
    """Test the breaker on cash that is constant from bar ``a``; trip it where it must."""
    drop = (books[CASH] - books[PEAK]) / books[PEAK]
    books[OBSERVED] = min(books[OBSERVED], drop)
    if drop > -cap:
        return False
    books[TRIPPED_AT] = a
    return True


@part
def held_trip(market: Market, books: FloatArray, a: int, b: int, cap: float) -> bool:
    """Test the breaker on bars ``a`` to ``b - 1`` held; trip it at the first bar that must."""
    tokens, close, peak = books[TOKENS], market.bars[CLOSE], books[PEAK]
    _, lowest, ratio = span_summary(close, market.tree, a, b)
    drop = min(tokens * lowest / peak, ratio) - 1.0
    # The walk below decides; the summary may differ from it in the last digit.
    if drop > -cap * (1.0 - TINY):
        books[OBSERVED] = min(books[OBSERVED], drop)
        return False
    for t in range(a, b):
        equity = tokens * close[t]
        drop = (equity - peak) / peak
        books[OBSERVED] = min(books[OBSERVED], drop)
        if drop <= -cap:
            books[TRIPPED_AT] = t
            return True
        peak = max(peak, equity)
    return False
