"""Each trigger on a path made for it: right side, right bar, right figures."""

from __future__ import annotations

import numpy as np
import pytest

from tests.market_paths import triggers_of
from trading.market.domain.bars import CLOSE, HIGH, LOW, OPEN, VOLUME, FloatArray
from trading.signals.domain.strategies import strategy_get
from trading.signals.domain.strategies.triggers import TRIGGERS
from trading.signals.domain.strategies.triggers.scales import bars_of_hours, baseline_bars

QUIET = 600  # bars before anything happens


def quiet_then(closes: list[float], *, volume: float = 10.0) -> FloatArray:
    """Return a calm see-saw of 0.1 % near 100, then ``closes``; a bar opens at the last close."""
    calm = [100.0 * (1.001 if i % 2 else 1.0) for i in range(QUIET)]
    close = np.array(calm + closes)
    bars = np.empty((len(close), 5))
    bars[:, CLOSE] = close
    bars[:, OPEN] = np.concatenate(([100.0], close[:-1]))
    bars[:, HIGH] = np.maximum(bars[:, OPEN], close)
    bars[:, LOW] = np.minimum(bars[:, OPEN], close)
    bars[:, VOLUME] = volume
    return bars


def ramp(factor: float, n: int) -> list[float]:
    return [100.0 * factor ** (i + 1) for i in range(n)]


@pytest.mark.parametrize("name", ["price_move", "breakout", "momentum"])
@pytest.mark.parametrize(("factor", "side"), [(1.004, 1), (1 / 1.004, -1)])
def test_a_rise_buys_and_a_crash_sells_once(name: str, factor: float, side: int) -> None:
    found = triggers_of(strategy_get(name), quiet_then(ramp(factor, 40)))
    assert [trigger.side for trigger in found] == [side]
    assert found[0].bar >= QUIET
    assert found[0].strength >= 0.5
    assert found[0].confidence > 0.4


def test_a_larger_move_is_stronger() -> None:
    strategy = strategy_get("price_move")
    small, large = (
        triggers_of(strategy, quiet_then([100.0 * jump]))[0].strength for jump in (1.006, 1.02)
    )
    assert 0.5 <= small < large < 1.0


def test_a_price_move_rearms_after_the_excursion_ended() -> None:
    found = triggers_of(
        strategy_get("price_move"), quiet_then(ramp(1.01, 3) + [103.0] * 40 + [108.0])
    )
    assert [trigger.side for trigger in found] == [1, 1]


def test_a_breakout_compares_with_the_range_before_the_bar() -> None:
    wick = quiet_then([100.05, 100.05])
    wick[QUIET, HIGH] = 150.0  # a high beyond the range is no close beyond it
    assert triggers_of(strategy_get("breakout"), wick) == []


def test_a_breakout_with_volume_convinces_more() -> None:
    strategy = strategy_get("breakout")
    quiet, busy = quiet_then([101.0]), quiet_then([101.0])
    busy[QUIET, VOLUME] = 30.0
    (without,), (with_volume,) = triggers_of(strategy, quiet), triggers_of(strategy, busy)
    assert with_volume.strength == without.strength
    assert with_volume.confidence > without.confidence


def test_a_reversal_waits_for_the_turn() -> None:
    strategy = strategy_get("reversal")
    fall = ramp(1 / 1.003, 20)
    assert triggers_of(strategy, quiet_then(fall)) == []
    turn = [fall[-1] * 1.004 ** (i + 1) for i in range(15)]
    (found,) = triggers_of(strategy, quiet_then(fall + turn))
    assert found.side == 1
    assert found.bar > QUIET + len(fall)


def test_a_reversal_is_measured_from_the_lowest_low_since_it_was_armed() -> None:
    fall = ramp(1 / 1.003, 20)
    turn = [fall[-1] * 1.004 ** (i + 1) for i in range(15)]
    bars = quiet_then(fall + turn)
    bars[QUIET + 10, LOW] *= 0.95
    (deeper,) = triggers_of(strategy_get("reversal"), bars)
    (plain,) = triggers_of(strategy_get("reversal"), quiet_then(fall + turn))
    assert deeper.strength > plain.strength


def spike(close: float, volume: float) -> FloatArray:
    bars = quiet_then([close])
    bars[QUIET, VOLUME] = volume
    return bars


def test_a_volume_spike_takes_the_side_of_its_bar() -> None:
    strategy = strategy_get("volume_spike")
    (up,) = triggers_of(strategy, spike(101.0, 100.0))
    (down,) = triggers_of(strategy, spike(99.0, 100.0))
    assert (up.side, down.side) == (1, -1)
    assert up.confidence == 1.0


@pytest.mark.parametrize(("close", "volume"), [(101.0, 30.0), (100.05, 100.0), (100.1, 1e9)])
def test_volume_without_a_move_or_a_move_without_volume_is_no_spike(
    close: float, volume: float
) -> None:
    assert triggers_of(strategy_get("volume_spike"), spike(close, volume)) == []


def test_a_spike_that_was_sold_into_convinces_less() -> None:
    bars = spike(101.0, 100.0)
    bars[QUIET, HIGH] = 103.0
    (found,) = triggers_of(strategy_get("volume_spike"), bars)
    assert 0.2 < found.confidence < 0.6


def test_hours_become_bars_of_any_timeframe_but_never_none() -> None:
    assert bars_of_hours(24.0, 300_000) == 288
    assert bars_of_hours(0.25, 3_600_000) == 1
    assert baseline_bars(24.0, 86_400_000) == 24


@pytest.mark.parametrize("name", ["price_move", "breakout", "momentum", "volume_spike"])
def test_the_baseline_excludes_the_bar_it_is_compared_with(name: str) -> None:
    # If the jump were part of its own baseline, no jump could ever measure more than sqrt(n).
    (found,) = triggers_of(strategy_get(name), spike(150.0, 1e6))
    assert found.strength > 0.999


def test_a_second_spike_after_a_calm_one_fires_again() -> None:
    bars = quiet_then([101.0, 101.1, 101.0, 102.5])
    bars[[QUIET, QUIET + 3], VOLUME] = 100.0
    found = triggers_of(strategy_get("volume_spike"), bars)
    assert [(trigger.bar, trigger.side) for trigger in found] == [(QUIET, 1), (QUIET + 3, 1)]


@pytest.mark.real_data
@pytest.mark.parametrize("pair", ["BTC-USDT", "ETH-USDT", "SOL-USDT", "BNB-USDT"])
def test_on_real_candles_every_trigger_makes_half_a_round_trip_to_four_a_day(
    pair: str, shared_data
) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(shared_data / "candles" / f"bybit_{pair}_5m.parquet")
    bars = np.column_stack(
        [table[column].to_numpy() for column in ("open", "high", "low", "close", "volume")]
    )
    days = len(bars) / 288
    for strategy in TRIGGERS:
        sides = [trigger.side for trigger in triggers_of(strategy, bars)]
        changes = [side for side, before in zip(sides, [0, *sides], strict=False) if side != before]
        assert 0.5 <= len(changes) / 2 / days <= 4.0, strategy.name
