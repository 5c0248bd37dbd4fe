"""Markets whose secrets are known: walks without any, and three with one a strategy can find."""

from __future__ import annotations

from typing import Final

import numpy as np

from trading.market.domain.bars import BarArrays, FloatArray
from trading.market.domain.costs import SwapCostSchedule

STEP_MS: Final = 300_000
DAY: Final = 288  # bars
_START_MS: Final = 1_700_000_100_000


def costs(loss_rate: float = 0.0, gas: float = 0.0) -> SwapCostSchedule:
    """Return one price for every notional: share lost by a round trip, gas of a side."""
    return SwapCostSchedule(
        np.array([1e12]), np.array([loss_rate]), np.array([gas]), np.array([gas])
    )


def _bars(log_price: FloatArray, rng: np.random.Generator, spread: float) -> BarArrays:
    close = 0.01 * np.exp(log_price)
    open_ = np.concatenate((close[:1], close[:-1]))
    reach = 1.0 + np.abs(rng.normal(0.0, spread, (2, close.shape[0])))
    high, low = np.maximum(open_, close) * reach[0], np.minimum(open_, close) / reach[1]
    volume = rng.lognormal(3.0, 1.0, close.shape[0])
    times = _START_MS + STEP_MS * np.arange(close.shape[0], dtype=np.int64)
    values = np.ascontiguousarray(np.stack((open_, high, low, close, volume)))
    return BarArrays(times, values, np.zeros(close.shape[0], dtype=np.uint8))


def random_walk(seed: int, n: int, *, daily: float = 0.05, tails: bool = False) -> BarArrays:
    """Return a geometric walk whose price is a martingale; ``daily`` is its deviation over a day.

    With ``tails`` steps are Student t with 4 degrees and their size changes by the day.
    """
    rng = np.random.default_rng([seed, 1])
    step = daily / np.sqrt(DAY)
    if tails:
        calm = np.exp(np.repeat(rng.normal(0.0, 0.5, n // DAY + 1), DAY)[:n])
        moves = rng.standard_t(4, n) / np.sqrt(2.0) * step * calm
        moves -= 0.5 * (step * calm) ** 2
    else:
        moves = rng.normal(-0.5 * step**2, step, n)
    return _bars(np.cumsum(moves), rng, step / 2)


def rising(seed: int, n: int, *, yearly: float = 1.5, daily: float = 0.04) -> BarArrays:
    """Return a walk that rises steadily, by ``yearly`` in logarithms: held, it pays; timed, not."""
    rng = np.random.default_rng([seed, 4])
    moves = rng.normal(yearly / 365 / DAY, daily / np.sqrt(DAY), n)
    return _bars(np.cumsum(moves), rng, 0.001)


def stormy(seed: int, n: int, *, daily: float = 0.05) -> BarArrays:
    """Return a martingale whose size of steps comes in storms of a few hours (GARCH)."""
    rng = np.random.default_rng([seed, 5])
    usual = daily**2 / DAY
    noise, variance, moves = rng.standard_normal(n).tolist(), usual, np.empty(n)
    for t, drawn in enumerate(noise):
        shock = variance**0.5 * drawn
        moves[t] = shock - 0.5 * variance
        variance = 0.02 * usual + 0.08 * shock * shock + 0.9 * variance
    return _bars(np.cumsum(moves), rng, 0.001)


def pulled_back(seed: int, n: int, *, reach: float = 0.12, half_life: int = 100) -> BarArrays:
    """Return a price that returns to where it was: ``reach`` its deviation, half-life in bars."""
    rng = np.random.default_rng([seed, 2])
    keep = 0.5 ** (1.0 / half_life)
    noise = rng.normal(0.0, reach * np.sqrt(1.0 - keep**2), n)
    level, log_price = 0.0, np.empty(n)
    for t in range(n):
        level = keep * level + noise[t]
        log_price[t] = level
    return _bars(log_price, rng, 0.002)


def trending(
    seed: int, n: int, *, drift: float = 0.03, daily: float = 0.03, days: float = 12.0
) -> BarArrays:
    """Return a price that rises or falls by ``drift`` a day for about ``days`` at a time."""
    rng = np.random.default_rng([seed, 3])
    turns = rng.random(n) < 1.0 / (days * DAY)
    sign = np.where(np.cumsum(turns) % 2 == 0, 1.0, -1.0)
    moves = sign * drift / DAY + rng.normal(0.0, daily / np.sqrt(DAY), n)
    return _bars(np.cumsum(moves), rng, 0.001)


def drifting(
    seed: int, n: int, *, drift: float = 0.04, daily: float = 0.03, days: float = 2.0
) -> BarArrays:
    """Return a price whose drift wanders: ``drift`` its deviation a day, ``days`` its half-life."""
    rng = np.random.default_rng([seed, 6])
    keep = 0.5 ** (1.0 / (days * DAY))
    noise = rng.normal(0.0, drift / DAY * np.sqrt(1.0 - keep**2), n).tolist()
    now, moves = 0.0, rng.normal(0.0, daily / np.sqrt(DAY), n)
    for t, change in enumerate(noise):
        now = keep * now + change
        moves[t] += now
    return _bars(np.cumsum(moves), rng, 0.001)
