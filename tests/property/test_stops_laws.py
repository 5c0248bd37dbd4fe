"""Laws of the stop: it never loosens, and a crash anywhere changes nothing."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.execution import INSTRUMENT, STEP_MS, D
from trading.base.domain.errors import InvariantError
from trading.desk.domain.execution.sizing import size_entry
from trading.desk.domain.execution.stops import StopState, open_stop, ratchet
from trading.desk.domain.policy import ExecutionPolicy, RiskPolicy, Sizing, StopPolicy
from trading.market.domain.costs import VenueCosts
from trading.market.domain.instruments import Instrument

_HIGHS = st.lists(st.floats(60.0, 180.0, allow_nan=False), max_size=40)
_ATRS = st.floats(0.01, 8.0)
_POLICIES = st.builds(
    StopPolicy,
    atr_multiple=st.floats(0.5, 6.0),
    breakeven_pct=st.sampled_from([0.0, 0.3, 1.0, 5.0]),
    trail_activation_pct=st.sampled_from([0.0, 1.5, 6.0]),
    trail_atr_multiple=st.floats(0.1, 8.0),
)


def opened(atr: float, policy: StopPolicy, instrument: Instrument = INSTRUMENT) -> StopState:
    return open_stop(
        entry_price=D(100),
        atr=atr,
        entry_time=0,
        step_ms=STEP_MS,
        policy=policy,
        instrument=instrument,
    )


def path(
    stop: StopState, highs: list[float], policy: StopPolicy, start: int = 0
) -> list[StopState]:
    states = []
    for n, high in enumerate(highs, start=start):
        stop = ratchet(
            stop,
            high=high,
            close_time=(n + 1) * STEP_MS,
            instrument=INSTRUMENT,
            policy=policy,
        )
        states.append(stop)
    return states


def stored_and_read_back(stop: StopState) -> StopState:
    """Go through JSON text, as a row or a snapshot does."""
    row: dict[str, Any] = json.loads(json.dumps(asdict(stop), default=str, allow_nan=False))
    prices = ("initial_stop", "current_stop", "target", "high_water", "trail_distance")
    for name in (*prices, "breakeven_price", "trail_activation_price"):
        row[name] = None if row[name] is None else Decimal(row[name])
    return StopState(**row)


@given(_ATRS, _POLICIES, _HIGHS)
@settings(max_examples=200, deadline=None)
def test_a_stop_never_loosens_and_stays_below_its_high_water(
    atr: float, policy: StopPolicy, highs: list[float]
) -> None:
    before = opened(atr, policy)
    for after in path(before, highs, policy):
        assert after.current_stop >= before.current_stop
        assert after.high_water >= before.high_water
        assert after.current_stop < after.high_water
        assert after.is_breakeven_armed >= before.is_breakeven_armed
        assert after.is_trailing_armed >= before.is_trailing_armed
        assert (after is before) or after.revision == before.revision + 1
        before = after


@given(_ATRS, _POLICIES, _HIGHS.filter(bool))
@settings(max_examples=60, deadline=None)
def test_a_crash_at_every_bar_and_a_restore_give_the_uninterrupted_run(
    atr: float, policy: StopPolicy, highs: list[float]
) -> None:
    first = opened(atr, policy)
    whole = path(first, highs, policy)
    for crash in range(len(highs)):
        survived = stored_and_read_back(whole[crash - 1] if crash else first)
        assert path(survived, highs[crash:], policy, start=crash) == whole[crash:]


@given(_ATRS, _POLICIES, _HIGHS)
@settings(max_examples=200, deadline=None)
def test_seeing_a_bar_twice_changes_nothing(
    atr: float, policy: StopPolicy, highs: list[float]
) -> None:
    stop = opened(atr, policy)
    for n, high in enumerate(highs):
        args = {"high": high, "close_time": n, "instrument": INSTRUMENT, "policy": policy}
        stop = ratchet(stop, **args)
        assert ratchet(stop, **args) is stop


@given(st.floats(0.0, 200.0), st.floats(0.0, 200.0), _POLICIES)
@settings(max_examples=200, deadline=None)
def test_a_wider_range_never_gives_a_nearer_stop(
    one: float, two: float, policy: StopPolicy
) -> None:
    near, far = sorted((max(one, 1e-6), max(two, 1e-6)))
    assert opened(far, policy).initial_stop <= opened(near, policy).initial_stop < D(100)
    assert opened(far, policy).initial_stop > 0


@given(st.floats(1e-9, 1e9), st.integers(1, 10**24))
@settings(max_examples=200, deadline=None)
def test_a_stop_is_always_a_price_below_the_entry(atr: float, units: int) -> None:
    entry = D(units).scaleb(-12)
    fine = replace(INSTRUMENT, tick=D("1E-18"))
    stop = open_stop(
        entry_price=entry,
        atr=atr,
        entry_time=0,
        step_ms=STEP_MS,
        policy=StopPolicy(),
        instrument=fine,
    )
    assert 0 < stop.current_stop < entry


@given(
    st.sampled_from(["initial_stop", "current_stop", "high_water", "trail_distance"]),
    st.sampled_from([None, 0, 0.0, float("nan"), D(0), D("NaN"), D("Infinity"), D("-3")]),
)
def test_no_stop_without_a_real_price_ever_exists(field: str, value: object) -> None:
    with pytest.raises(InvariantError):
        replace(opened(1.0, StopPolicy()), **{field: value})


@given(st.floats(0.001, 50.0), st.floats(0.001, 50.0), st.sampled_from(Sizing))
@settings(max_examples=200, deadline=None)
def test_a_wider_stop_never_buys_more(one: float, two: float, sizing: Sizing) -> None:
    def quantity(stop_distance: float) -> Decimal:
        return size_entry(
            equity=D(1000),
            cash=D(800),
            price=D("97.13"),
            stop_distance=stop_distance,
            risk=RiskPolicy(),
            execution=ExecutionPolicy(sizing=sizing),
            instrument=INSTRUMENT,
            costs=VenueCosts.from_policy(ExecutionPolicy()),
        ).quantity

    near, far = sorted((one, two))
    assert quantity(far) <= quantity(near)
