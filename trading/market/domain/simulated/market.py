"""Make a market that looks alive when there is no real one; never to be taken for one.

A market level moves through regimes (calm, trends, turbulence, a crash and its recovery). Every
pair follows the level with its own sensitivity plus a part of its own that returns to it, so pairs
are correlated and none drifts away for good. Inside a bar, prices follow a bridge between the
previous close and the new one; open, high, low and close are taken from that path, so they always
enclose, and the forming bar is the same path cut short.

Bar i of a pair is a function of seed, pair and i; going on from a state costs the same wherever it
is. Regime lengths and sizes are chosen so that a trend often carries 10 to 30 %, because a desk
whose checkpoints never pass has nothing to show; they are no statement about real markets.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import numpy as np

from trading.base.domain.errors import InvariantError
from trading.market.domain.bars import Bar, FloatArray
from trading.market.domain.simulated.noise import noise_key, normals, uniforms
from trading.market.domain.timeframes import MS_PER_DAY

PATH_STEPS: Final = 24  # price moves inside one bar
_CORRELATION: Final = 0.75  # share of a pair's noise that is the market's
_PULL: Final = 0.006  # share of a pair's own deviation that is given back per bar
_QUOTE_VOLUME: Final = 600_000.0  # of a calm bar, quote currency
_FIRST_PRICE: Final = {"BTC": 64_000.0, "ETH": 3_200.0, "SOL": 150.0, "BNB": 580.0}


class Regime(IntEnum):
    """What the market is doing; numbers are stored in feed positions and stay."""

    CALM = 0
    TREND_UP = 1
    TREND_DOWN = 2
    VOLATILE = 3
    CRASH = 4
    RECOVERY = 5


@dataclass(frozen=True, slots=True)
class _Shape:
    """Drift and noise in log return per bar, length in bars, activity as a volume factor."""

    drift: float
    sigma: float
    shortest: int
    longest: int
    activity: float


_SHAPES: Final = {
    Regime.CALM: _Shape(0.0, 0.0032, 40, 140, 1.0),
    Regime.TREND_UP: _Shape(0.0017, 0.0058, 20, 130, 1.8),
    Regime.TREND_DOWN: _Shape(-0.0017, 0.0060, 20, 110, 1.9),
    Regime.VOLATILE: _Shape(0.0, 0.0085, 30, 100, 2.6),
    Regime.CRASH: _Shape(-0.0150, 0.0110, 10, 18, 5.0),
    Regime.RECOVERY: _Shape(0.0027, 0.0060, 40, 80, 2.2),
}


@dataclass(frozen=True, slots=True)
class MarketState:
    """Everything bar ``i`` needs from the bars before it.

    Attributes:
        i: index of the next bar.
        level: log deviation of the market from its start.
        regime: in force for bar ``i``.
        since: index of the regime's first bar.
        until: index of the first bar after it.
        own: each pair's own log deviation, in the market's order of pairs.
    """

    i: int
    level: float
    regime: Regime
    since: int
    until: int
    own: tuple[float, ...]

    def dump(self) -> dict[str, Any]:
        """Return the state as a JSON value; floats survive the round trip exactly."""
        return {
            "i": self.i,
            "level": self.level,
            "regime": int(self.regime),
            "since": self.since,
            "until": self.until,
            "own": list(self.own),
        }

    @classmethod
    def load(cls, record: dict[str, Any]) -> MarketState:
        """Return the state that ``dump`` wrote."""
        return cls(
            i=int(record["i"]),
            level=float(record["level"]),
            regime=Regime(record["regime"]),
            since=int(record["since"]),
            until=int(record["until"]),
            own=tuple(float(value) for value in record["own"]),
        )


@dataclass(frozen=True, slots=True)
class _PairTraits:
    pair: str
    key: int
    first_price: float
    sensitivity: float  # to the market level
    spread: float  # size of its noise against the market's
    decimals: int


class SimulatedMarket:
    """A seeded market of several pairs; pure, so every bar can be made again."""

    def __init__(self, *, seed: int, pairs: Sequence[str], epoch_ms: int, step_ms: int) -> None:
        self.pairs = tuple(sorted(pairs))
        self._epoch_ms = epoch_ms
        self._step_ms = step_ms
        self._key = noise_key(seed, "market")
        self._traits = tuple(_traits(seed, pair) for pair in self.pairs)

    def start(self) -> MarketState:
        """Return the state before bar 0."""
        regime, until = self._next_regime(0, 0.0, Regime.VOLATILE)
        return MarketState(0, 0.0, regime, 0, until, (0.0,) * len(self.pairs))

    def block(self, state: MarketState, n: int) -> tuple[MarketState, list[FloatArray]]:
        """Return the state after bars ``state.i`` to ``state.i + n - 1``, and those bars.

        Returns:
            one float64[5, n] a pair in order, rows in the order of ``COLUMNS``; the same numbers
            as ``n`` single steps give.
        """
        states = self._states(state, n)
        return states[-1], [
            self._values(traits, k, states, PATH_STEPS) for k, traits in enumerate(self._traits)
        ]

    def step(self, state: MarketState) -> tuple[MarketState, list[tuple[str, Bar]]]:
        """Return the state after bar ``state.i``, and that bar of every pair in order."""
        after, values = self.block(state, 1)
        return after, self._bars(state, values)

    def forming(self, state: MarketState, fraction: float) -> list[tuple[str, Bar]]:
        """Return bar ``state.i`` of every pair as it looks after ``fraction`` (0 to 1) of its time.

        At fraction 1 it equals the closed bar.
        """
        n_moves = min(PATH_STEPS, max(1, math.ceil(fraction * PATH_STEPS)))
        states = self._states(state, 1)
        values = [self._values(t, k, states, n_moves) for k, t in enumerate(self._traits)]
        return self._bars(state, values)

    def _bars(self, state: MarketState, values: Sequence[FloatArray]) -> list[tuple[str, Bar]]:
        open_time = self._epoch_ms + state.i * self._step_ms
        return [
            (pair, Bar(open_time, *bar[:, 0].tolist()))
            for pair, bar in zip(self.pairs, values, strict=True)
        ]

    def _states(self, state: MarketState, n: int) -> list[MarketState]:
        """Return the states before each of ``n`` bars and after the last."""
        if len(state.own) != len(self._traits):
            raise InvariantError(
                f"state was of {len(state.own)} pairs; this market has {len(self._traits)}"
            )
        at = 2 * np.arange(state.i, state.i + n, dtype=np.int64)
        market = normals(self._key, at, 1)[:, 0]
        rest = math.sqrt(1 - _CORRELATION**2)
        noise = [
            (_CORRELATION * market + rest * normals(traits.key, at, 1)[:, 0]).tolist()
            for traits in self._traits
        ]
        states, leads = [state], self._leads(state)
        for j in range(n):
            before = states[-1]
            states.append(self._next(before, leads, [of_pair[j] for of_pair in noise]))
            if states[-1].since != before.since:
                leads = self._leads(states[-1])
        return states

    def _next(
        self, state: MarketState, leads: Sequence[float], noise: Sequence[float]
    ) -> MarketState:
        shape = _SHAPES[state.regime]
        own = tuple(
            value * (1 - _PULL) + lead + traits.spread * shape.sigma * draw
            for traits, value, lead, draw in zip(self._traits, state.own, leads, noise, strict=True)
        )
        level = state.level + shape.drift
        following = state.i + 1
        if following < state.until:
            return MarketState(following, level, state.regime, state.since, state.until, own)
        regime, until = self._next_regime(following, level, state.regime)
        return MarketState(following, level, regime, following, until, own)

    def _leads(self, state: MarketState) -> list[float]:
        # each pair takes its own share of a regime: one leads, another lags
        drift, at = _SHAPES[state.regime].drift, 2 * state.since + 1
        shares = [0.55 + 0.9 * float(uniforms(t.key, at, 1)[0]) for t in self._traits]
        return [
            (share - 1.0) * traits.sensitivity * drift
            for traits, share in zip(self._traits, shares, strict=True)
        ]

    def _next_regime(self, i: int, level: float, before: Regime) -> tuple[Regime, int]:
        u = uniforms(self._key, 2 * i + 1, 2)
        regime = Regime.RECOVERY if before is Regime.CRASH else _choose(float(u[0]), level, before)
        shape = _SHAPES[regime]
        length = shape.shortest + int(float(u[1]) * (shape.longest - shape.shortest + 1))
        return regime, i + length

    def _values(
        self, traits: _PairTraits, k: int, states: Sequence[MarketState], n_moves: int
    ) -> FloatArray:
        """Return float64[5, n] of the bars between the states, cut short after ``n_moves``."""
        befores = states[:-1]
        log_prices = np.array([_log_price(traits, state.level, state.own[k]) for state in states])
        sigma = np.array([traits.spread * _SHAPES[state.regime].sigma for state in befores])
        at = 2 * np.arange(befores[0].i, befores[0].i + len(befores), dtype=np.int64) + 1
        draws = normals(traits.key, at, PATH_STEPS + 2)
        path = _path(log_prices[:-1], log_prices[1:], sigma, draws[:, :PATH_STEPS])
        prices = np.maximum(np.round(np.exp(path), traits.decimals), 10.0**-traits.decimals)
        seen = prices[:, : n_moves + 1]
        surprise = np.abs(np.diff(log_prices)) / sigma
        quiet = zip(
            befores, surprise.tolist(), draws[:, PATH_STEPS].tolist(), prices[:, 0].tolist(),
            strict=True,
        )  # fmt: skip
        volume = [self._quote_volume(*one) / first * n_moves / PATH_STEPS for *one, first in quiet]
        return np.stack(
            [seen[:, 0], seen.max(axis=1), seen.min(axis=1), seen[:, -1], np.round(volume, 4)]
        )

    def _quote_volume(self, before: MarketState, surprise: float, draw: float) -> float:
        open_time = self._epoch_ms + before.i * self._step_ms
        hour = 2 * math.pi * (open_time % MS_PER_DAY) / MS_PER_DAY
        return (
            _QUOTE_VOLUME
            * _SHAPES[before.regime].activity
            * (1 + 0.3 * math.sin(hour))
            * (0.6 + 0.5 * surprise)
            * math.exp(0.4 * draw)
        )


def _choose(u: float, level: float, before: Regime) -> Regime:
    # the further the market is from where it began, the likelier it turns back
    weights = {
        Regime.CALM: 0.45,
        Regime.TREND_UP: 0.26 * math.exp(-2.0 * level),
        Regime.TREND_DOWN: 0.20 * math.exp(2.0 * level),
        Regime.VOLATILE: 0.26,
        Regime.CRASH: 0.06 * math.exp(2.0 * level),
    }
    weights.pop(before, None)
    rest = u * sum(weights.values())
    for regime, weight in weights.items():
        rest -= weight
        if rest <= 0:
            return regime
    return Regime.CALM  # rounding left a hair over


def _log_price(traits: _PairTraits, level: float, own: float) -> float:
    return math.log(traits.first_price) + traits.sensitivity * level + own


def _path(first: FloatArray, last: FloatArray, sigma: FloatArray, draws: FloatArray) -> FloatArray:
    """Return float64[n, PATH_STEPS + 1]: Brownian bridges of log prices from first to last."""
    share = np.arange(PATH_STEPS + 1) / PATH_STEPS
    walk = np.zeros((first.shape[0], PATH_STEPS + 1))
    walk[:, 1:] = np.cumsum(draws, axis=1) * (sigma / math.sqrt(PATH_STEPS))[:, None]
    rises = (last - first)[:, None]
    return np.asarray(first[:, None] + rises * share + walk - walk[:, -1:] * share)


def _traits(seed: int, pair: str) -> _PairTraits:
    u = uniforms(noise_key(seed, "traits", pair), 0, 3)
    base = pair.partition("/")[0]
    first = _FIRST_PRICE.get(base, 10.0 ** (3.0 * float(u[0])))
    return _PairTraits(
        pair=pair,
        key=noise_key(seed, "pair", pair),
        first_price=first,
        sensitivity=0.9 + 0.6 * float(u[1]),
        spread=0.9 + 0.4 * float(u[2]),
        decimals=max(0, 5 - math.floor(math.log10(first))),
    )
