"""A forecaster that fails costs a reason, never a step, and sees later what it missed."""

from __future__ import annotations

import pytest

from tests.fakes.forecasts import STEP, Failing, walk
from trading.base.domain.errors import BadInputError
from trading.learning.domain.forecasting.blocks import block_of_series
from trading.learning.domain.forecasting.drift import NaiveDrift
from trading.learning.domain.forecasting.sets import Ask, Missing
from trading.learning.services.forecasting import serving
from trading.learning.services.forecasting.known import DEFAULT, forecaster_make
from trading.learning.services.forecasting.serving import ForecastService, forecasts_ahead

ASKED = Ask(("AAA", "BBB"), STEP, (12 * STEP,))
SERIES = {"AAA": walk(1, 300), "BBB": walk(2, 300)}
BLOCK = block_of_series(SERIES, STEP)


def step(i: int):
    return BLOCK.steps(i, i + 1)


def test_a_failure_is_an_answer_that_is_counted_and_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = ForecastService(Failing(ASKED))
    run = service.observe(step(0))
    assert (run.reasons == Missing.FORECASTER_FAILED).all()
    assert run[0].pairs == ("AAA", "BBB")
    assert service.n_failures == 1
    assert service.trouble == "ValueError: the model is upset"
    assert "the model is upset" in caplog.text


def test_it_rests_after_three_failures_and_sees_every_bar_once() -> None:
    forecaster = Failing(ASKED)
    service = ForecastService(forecaster)
    for i in range(10):  # fails at 0, 1, 2, 4, 7
        service.observe(step(i))
    assert service.n_failures == 5
    forecaster.is_broken = False
    answers = [service.observe(step(i)) for i in range(10, 14)]
    is_answered = [not run.reasons.any() for run in answers]
    assert is_answered == [False, False, True, True]
    assert forecaster.n_seen == 14
    assert service.trouble == ""


def test_one_that_never_comes_back_is_given_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(serving, "MOST_WAITING", 5)
    forecaster = Failing(ASKED)
    service = ForecastService(forecaster)
    for i in range(6):
        service.observe(step(i))
    forecaster.is_broken = False
    assert service.observe(step(6)).reasons.all()
    assert service.trouble.startswith("given up after 4 failures; ValueError")
    assert "given up" in caplog.text


@pytest.mark.parametrize("times", [1, 17, 500])
def test_a_replay_computes_ahead_what_a_session_is_told_bar_by_bar(times: int) -> None:
    live = ForecastService(NaiveDrift(ASKED))
    single = [one for i in range(len(BLOCK)) for one in live.observe(step(i))]
    runs = forecasts_ahead(ForecastService(NaiveDrift(ASKED)), SERIES, STEP, times=times)
    ahead = [one for run in runs for one in run]
    assert len(ahead) == len(single) == 300
    assert all(one.is_same(other) for one, other in zip(ahead, single, strict=True))


def test_history_shown_again_is_remembered() -> None:
    old, new = ForecastService(NaiveDrift(ASKED)), ForecastService(NaiveDrift(ASKED))
    old.observe(BLOCK.steps(0, 290))
    new.relearn([BLOCK.steps(0, 100), BLOCK.steps(100, 290)])
    rest = BLOCK.steps(290, 300)
    assert new.observe(rest).is_same(old.observe(rest))


def test_an_unknown_forecaster_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadInputError, match="forecaster was 'oracle'; expected one of naive-drift"):
        forecaster_make("oracle", ASKED)
    assert forecaster_make(DEFAULT, ASKED).head.forecaster == DEFAULT
