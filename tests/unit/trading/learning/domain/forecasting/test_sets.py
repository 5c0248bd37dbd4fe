"""A set answers with a forecast or with the reason there is none, and never looks ahead."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.fakes.forecasts import EPOCH, STEP
from trading.base.domain.errors import InvariantError
from trading.base.domain.side import Side
from trading.learning.domain.forecasting.sets import (
    QUANTILES,
    Ask,
    Forecast,
    ForecastSet,
    Missing,
    SetHead,
)

HEAD = SetHead("m", "b1", ("AAA", "BBB", "CCC"), STEP, (3 * STEP, 12 * STEP), 2 * STEP)
FIGURES = [0.6, -0.02, 0.0, 0.03, 0.01, math.nan]
BAR_TIME = EPOCH + STEP


def one_set() -> ForecastSet:
    values = np.full((2, 2, 6), np.nan)
    values[0, 0] = FIGURES
    reasons = np.array([[0, Missing.NOT_FINITE], [Missing.WARMING_UP] * 2], dtype=np.uint8)
    return ForecastSet(HEAD, EPOCH, np.array([0, 2]), values, reasons)


def test_a_forecast_carries_its_figures_and_who_said_so() -> None:
    found = one_set().get("AAA", 3 * STEP, BAR_TIME)
    assert isinstance(found, Forecast)
    assert (found.p_up, found.low, found.median, found.high, found.expected) == tuple(FIGURES[:5])
    assert math.isnan(found.expected_net)
    assert (found.horizon_ms, found.made_at) == (3 * STEP, BAR_TIME)
    assert (found.forecaster, found.bundle) == ("m", "b1")
    assert (found.probability(Side.BUY), found.probability(Side.SELL)) == (0.6, 0.4)


@pytest.mark.parametrize(
    ("pair", "horizon", "why"),
    [
        ("AAA", 12 * STEP, Missing.NOT_FINITE),
        ("BBB", 3 * STEP, Missing.NO_BAR),
        ("CCC", 3 * STEP, Missing.WARMING_UP),
        ("AAA", 4 * STEP, Missing.NOT_ASKED),
        ("DDD", 3 * STEP, Missing.NOT_ASKED),
    ],
)
def test_what_is_missing_has_its_reason(pair: str, horizon: int, why: Missing) -> None:
    assert one_set().get(pair, horizon, BAR_TIME) is why


def test_it_serves_until_it_expires_and_not_before_its_time() -> None:
    one = one_set()
    assert one.expiry == BAR_TIME + 2 * STEP
    assert isinstance(one.get("AAA", 3 * STEP, one.expiry), Forecast)
    assert one.get("AAA", 3 * STEP, one.expiry + 1) is Missing.EXPIRED
    with pytest.raises(InvariantError, match="was asked for at"):
        one.get("AAA", 3 * STEP, BAR_TIME - 1)


def test_a_set_names_the_pairs_that_had_a_bar() -> None:
    assert one_set().pairs == ("AAA", "CCC")
    assert QUANTILES == (0.1, 0.5, 0.9)


def test_no_reason_is_stored_as_there_is_one() -> None:
    assert 0 not in set(Missing)
    assert max(Missing) < 256


@pytest.mark.parametrize(
    ("pairs", "horizons"), [(("B", "A"), (1,)), (("A", "A"), (1,)), (("A",), (2, 1))]
)
def test_an_ask_has_an_order(pairs: tuple[str, ...], horizons: tuple[int, ...]) -> None:
    with pytest.raises(InvariantError, match="expected"):
        Ask(pairs, STEP, horizons)
