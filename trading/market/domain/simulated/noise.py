"""Random numbers addressed by where they are used instead of drawn in order.

Draw k of (key, i) is a pure function of its address, so a market can be continued, repeated or
looked up at any bar without replaying a generator. The mixer is SplitMix64 (Steele, Lea and
Flood 2014, "Fast splittable pseudorandom number generators"), whose output passes BigCrush; it is
implemented here because its bits must never change with a library.
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np

from trading.market.domain.bars import FloatArray, IntArray

_GAMMA: Final = 0x9E3779B97F4A7C15
_STRIDE: Final = 1024  # draws reserved per address


def noise_key(seed: int, *names: str) -> int:
    """Return the key of one stream of draws, distinct for distinct seeds and names."""
    text = "\x1f".join((str(seed), *names)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def uniforms(key: int, i: int | IntArray, n: int) -> FloatArray:
    """Return float64[..., n] in (0, 1), the first ``n`` draws of each address in ``i``.

    Args:
        key: the stream.
        i: one address, or any array of them.
        n: at most 1024.
    """
    gamma = np.uint64(_GAMMA)
    begins = np.asarray(i, dtype=np.int64).astype(np.uint64) * np.uint64(_STRIDE) + np.uint64(1)
    with np.errstate(over="ignore"):  # arithmetic modulo 2**64 is what is meant
        start = np.uint64(key) + gamma * begins
    z = start[..., None] + gamma * np.arange(n, dtype=np.uint64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return np.asarray(((z >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53)


def normals(key: int, i: int | IntArray, n: int) -> FloatArray:
    """Return float64[..., n] standard normal draws of each address (Box and Muller 1958)."""
    half = (n + 1) // 2
    u = uniforms(key, i, 2 * half)
    radius = np.sqrt(-2.0 * np.log(np.ascontiguousarray(u[..., :half])))
    angle = 2.0 * np.pi * u[..., half:]
    drawn = np.concatenate((radius * np.cos(angle), radius * np.sin(angle)), axis=-1)
    return np.asarray(drawn[..., :n])
