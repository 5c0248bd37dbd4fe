"""Put simulated candles into the store: what a newcomer searches without a network.

The last bar closes at a fixed moment, so that seed, days and timeframe make the same candles, and
the same digest, on every machine on every day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Final

import numpy as np

from trading.base.domain.errors import BadInputError
from trading.market.domain.instruments import SIMULATED_VENUE, Pair
from trading.market.domain.simulated.market import SimulatedMarket
from trading.market.domain.timeframes import MS_PER_DAY, timeframe_ms
from trading.market.ports.candles import CandleStore, SeriesInfo, SeriesKey
from trading.market.services.candles.series import series_flag

ENDS_MS: Final = 1_767_225_600_000  # 2026-01-01, the close of the last bar
MOST_DAYS: Final = 3650
MOST_BARS: Final = 2_000_000
_BLOCK: Final = 4096  # bars made between two signs of life
_SOURCE: Final = "simulated market"

Progress = Callable[[int], None]


def candles_simulate(
    *,
    store: CandleStore,
    pairs: Sequence[str],
    timeframe: str,
    days: int,
    seed: int,
    progress: Progress = lambda _n_bars: None,
) -> list[SeriesInfo]:
    """Store the simulated market of ``seed`` under its own venue; what was simulated before goes.

    Args:
        store: takes the series.
        pairs: ``BASE/QUOTE`` each; what is made of one does not depend on the others.
        timeframe: length of one bar.
        days: how far back the candles go.
        seed: of every price.
        progress: told how many bars of every pair are made.

    Raises:
        BadInputError: a value is out of range, or a series of the venue is not simulated.
    """
    keys = sorted({SeriesKey(SIMULATED_VENUE, str(Pair.parse(pair)), timeframe) for pair in pairs})
    step_ms = timeframe_ms(timeframe)
    n = _bars_check(keys, days=days, step_ms=step_ms, seed=seed)
    with ExitStack() as locks:
        for key in keys:
            info = store.info(key)
            if info is not None and not info.source.startswith(_SOURCE):
                raise BadInputError(f"{key} is from {info.source}; it is not replaced")
            locks.enter_context(store.lock(key))
        epoch_ms = (ENDS_MS // step_ms - n) * step_ms
        market = SimulatedMarket(
            seed=seed, pairs=[key.pair for key in keys], epoch_ms=epoch_ms, step_ms=step_ms
        )
        values = [np.empty((5, n)) for _ in keys]
        state = market.start()
        for start in range(0, n, _BLOCK):
            stop = min(n, start + _BLOCK)
            state, made = market.block(state, stop - start)
            for whole, part in zip(values, made, strict=True):
                whole[:, start:stop] = part
            progress(stop)
        times = epoch_ms + step_ms * np.arange(n, dtype=np.int64)
        source = f"{_SOURCE}, seed {seed}"
        return [
            store.replace(key, series_flag(times, of_pair, step_ms=step_ms).bars, source=source)
            for key, of_pair in zip(keys, values, strict=True)
        ]


def _bars_check(keys: Sequence[SeriesKey], *, days: int, step_ms: int, seed: int) -> int:
    """Return how many bars there will be of each pair."""
    if not keys:
        raise BadInputError("--pairs named none; expected BASE/QUOTE, separated by commas")
    if not 1 <= days <= MOST_DAYS:
        raise BadInputError(f"--days was {days}; expected 1 to {MOST_DAYS}")
    if not 0 <= seed < 2**63:
        raise BadInputError(f"--seed was {seed}; expected 0 to {2**63 - 1}")
    n = days * MS_PER_DAY // step_ms
    if not 1 <= n * len(keys) <= MOST_BARS:
        raise BadInputError(
            f"{days} days are {n:,} bars of each of {len(keys)} pairs; expected 1 to "
            f"{MOST_BARS:,} bars in all"
        )
    return n
