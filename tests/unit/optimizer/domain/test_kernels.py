"""Kernels leave the count of references alone, and therefore cannot make arrays."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from numba.core.errors import TypingError

from optimizer.domain.kernels import kernel, part


@part
def _doubled(x):  # type: ignore[no-untyped-def]
    return 2.0 * x


@kernel
def _fill(x, out):  # type: ignore[no-untyped-def]
    for i in range(x.shape[0]):
        out[i] = _doubled(x[i])


@kernel
def _make(n):  # type: ignore[no-untyped-def]
    return np.zeros(n)


@kernel
def _make_and_drop(n):  # type: ignore[no-untyped-def]
    return np.zeros(n)[0]


@kernel
def _pass_on(x):  # type: ignore[no-untyped-def]
    return x[1:]


def test_a_kernel_writes_into_the_room_it_is_given() -> None:
    x, out = np.arange(4.0), np.empty(4)
    _fill(x, out)
    assert out.tolist() == [0.0, 2.0, 4.0, 6.0]


def test_a_kernel_leaves_its_arrays_to_their_owner() -> None:
    x, out = np.arange(4.0), np.empty(4)
    _fill(x, out)
    before = sys.getrefcount(x)
    for _ in range(10):
        _fill(x, out)
    assert sys.getrefcount(x) == before


@pytest.mark.parametrize(("made", "argument"), [(_make, 3), (_pass_on, np.arange(4.0))])
def test_a_kernel_that_makes_or_returns_an_array_does_not_compile(
    made: object, argument: object
) -> None:
    with pytest.raises(TypingError, match="Only accept returning of array passed"):
        made(argument)  # type: ignore[operator]


def test_a_kernel_that_makes_an_array_for_itself_does_not_compile() -> None:
    with pytest.raises(TypingError, match="zeros"):
        _make_and_drop(3)
