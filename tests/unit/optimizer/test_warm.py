"""Warming touches every system, so that no trial waits for a compiler."""

from __future__ import annotations

import pytest

from optimizer.domain.evaluator.warm import kernels_warm
from optimizer.domain.systems import SYSTEMS


@pytest.mark.slow  # compiles everything where nothing is cached
@pytest.mark.timeout(600)
def test_every_system_is_warmed() -> None:
    assert kernels_warm() == len(SYSTEMS)
