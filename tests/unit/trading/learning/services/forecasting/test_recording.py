"""A recorded run is read back to the bit, and says to a person what it holds."""

from __future__ import annotations

import json

from tests.fakes.forecasts import STEP, walk
from trading.learning.domain.forecasting.blocks import block_of_series
from trading.learning.domain.forecasting.drift import NaiveDrift
from trading.learning.domain.forecasting.sets import Ask
from trading.learning.services.forecasting.recording import run_record, run_recorded

ASKED = Ask(("AAA", "BBB"), STEP, (12 * STEP, 35 * STEP))


def test_what_is_recorded_comes_back_and_is_described() -> None:
    forecaster = NaiveDrift(ASKED)
    run = forecaster.observe(block_of_series({"AAA": walk(1, 150), "BBB": walk(2, 150)}, STEP))
    fact = run_record(run)
    assert fact.kind == "forecasts"
    assert run_recorded(fact.data).is_same(run)
    assert json.loads(json.dumps(fact.payload)) == {
        "forecaster": "naive-drift-1",
        "bundle": forecaster.head.bundle,
        "horizons": ["1h", "175m"],
        "pairs": 2,
        "bar_times": 150,
        "first_open_time": int(run.open_times[0]),
        "last_open_time": int(run.open_times[-1]),
        "missing": 2 * 2 * 144,
    }


def test_a_run_of_no_bars_is_recorded_too() -> None:
    fact = run_record(NaiveDrift(ASKED).observe(block_of_series({}, STEP)))
    assert len(run_recorded(fact.data)) == 0
    assert fact.payload["first_open_time"] is None
