"""What a session remembers of the market: made from bars alone, so that it can be made again.

A pair's ring, features and data hash and its bots' kernel states hang on nothing but the bars, in
their order. They are rebuilt by whatever code runs now; what was decided and what is owned are the
books (``desk.books``) and are never rebuilt from here.
"""

from __future__ import annotations

from trading.desk.domain.decision.journal import chain_bar
from trading.desk.domain.decision.state import LONG_AGO, DeskState, PairState
from trading.market.domain.bars import QUARANTINED, WARMUP, Bar
from trading.market.domain.timeframes import MS_PER_DAY


def bar_as_taken(state: DeskState, seq: int, bar: Bar) -> Bar:
    """Return the bar as the session takes it: early ones only warm its strategies up."""
    return bar._replace(flags=bar.flags | WARMUP) if seq <= state.warm_through_seq else bar


def take_bar(pair: PairState, bar: Bar, step_ms: int) -> bool:
    """Take a closed bar into the pair's memory; return whether it begins a new day."""
    time, open_, high, low, close, volume, flags = bar
    gap = pair.last_open_time >= 0 and time - pair.last_open_time > step_ms
    pair.bars_since_gap = 0 if gap else min(pair.bars_since_gap + 1, LONG_AGO)
    pair.ring.append_closed(time, open_, high, low, close, volume, flags)
    pair.bank.update(open_, high, low, close, volume)
    pair.data_hash = chain_bar(pair.data_hash, bar)
    pair.n_bars += 1
    pair.last_open_time = time
    pair.last_close = close
    pair.trusted_close = min(open_, close) if flags & QUARANTINED else close
    day = time // MS_PER_DAY
    if day == pair.day:
        return False
    pair.day = day
    return True


def remember(pair: PairState, bar: Bar, step_ms: int) -> None:
    """Bring the pair's and its bots' memory past a bar that was decided on before."""
    take_bar(pair, bar, step_ms)
    for slot in pair.slots:
        if pair.n_bars >= slot.min_bars:
            slot.decide(pair.bar, slot.view, slot.kernel_params, slot.kernel_state, pair.out)
