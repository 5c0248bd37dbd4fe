"""The directional index kept bar by bar is Wilder's, as TA-Lib computes it, and a true average."""

from __future__ import annotations

import numpy as np
import pytest
import talib

from optimizer.domain.features.averages import adx_candles, atr_wilder
from tests.oracles.paths import path
from trading.market.domain.bars import CLOSE, HIGH, LOW
from trading.signals.domain.strategies.systems.directional import SIZE, adx_step


@pytest.mark.parametrize("period", [2, 5, 14, 30])
def test_the_streamed_index_equals_the_reference(period: int) -> None:
    bars = path(11, 800).values
    state = np.zeros(SIZE)
    found = [adx_step(state, 0, period, *bar[[HIGH, LOW, CLOSE]]) for bar in bars.T]
    expected = talib.ADX(bars[HIGH], bars[LOW], bars[CLOSE], timeperiod=period)
    assert found == pytest.approx(expected, rel=1e-9, nan_ok=True)
    assert np.nanmax(found) <= 100.0


def test_candles_of_several_bars_are_known_only_when_they_are_over() -> None:
    bars = path(12, 240).values
    out = np.empty(20)
    adx_candles(bars, 5, 12, out)
    again = np.empty(19)
    adx_candles(bars[:, :239], 5, 12, again)
    assert out[:19] == pytest.approx(again, nan_ok=True)
    assert np.isfinite(out[9:]).all()
    assert np.isnan(out[:9]).all()


def test_wilders_range_equals_the_reference() -> None:
    bars = path(13, 500).values
    out = np.empty(500)
    atr_wilder(bars, 14, out)
    expected = talib.ATR(bars[HIGH], bars[LOW], bars[CLOSE], timeperiod=14)
    assert out == pytest.approx(expected, rel=1e-9, nan_ok=True)
