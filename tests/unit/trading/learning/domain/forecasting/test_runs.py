"""A shelf gives the newest forecast that may be used now, else the reason there is none."""

from __future__ import annotations

import pytest

from tests.fakes.forecasts import EPOCH, STEP, Steady, walk
from trading.base.domain.errors import InvariantError
from trading.learning.domain.forecasting.blocks import BarBlock, block_of, block_of_series
from trading.learning.domain.forecasting.runs import ForecastRun, Shelf, failed_run, run_of
from trading.learning.domain.forecasting.sets import Ask, Forecast, Missing
from trading.market.domain.bars import Bar

PAIRS = ("AAA", "BBB")
H = 12 * STEP
ASKED = Ask(PAIRS, STEP, (H,))


def bars_at(i: int, *pairs: str) -> BarBlock:
    time = EPOCH + i * STEP
    return block_of([(time, [(p, Bar(time, 1.0, 1.0, 1.0, 1.0, 1.0)) for p in pairs])], STEP)


def run_at(i: int, *pairs: str, p_up: float = 0.9, lifetime: int = 1) -> ForecastRun:
    steady = Steady(ASKED, p_up=p_up, lifetime_ms=lifetime * STEP)
    return steady.observe(bars_at(i, *pairs))


def closed(i: int) -> int:
    return EPOCH + (i + 1) * STEP


def p_up(found: Forecast | Missing) -> float:
    assert isinstance(found, Forecast)
    return found.p_up


def test_nothing_came_yet() -> None:
    assert Shelf().get("AAA", H, closed(0)) is Missing.NOT_ASKED


def test_the_newest_of_its_time_counts_and_one_from_the_future_never() -> None:
    shelf = Shelf()
    for i in range(3):
        shelf.put(run_at(i, *PAIRS, p_up=i / 10), 0)
    assert [p_up(shelf.get("AAA", H, closed(i))) for i in range(3)] == [0.0, 0.1, 0.2]
    assert shelf.get("AAA", H, closed(0) - 1) is Missing.NOT_ASKED


def test_a_whole_block_may_come_ahead() -> None:
    steady = Steady(ASKED)
    run = steady.observe(block_of_series({"AAA": walk(1, 50)}, STEP))
    shelf = Shelf([run])
    first = int(run.open_times[0]) + STEP
    assert shelf.get("AAA", H, first - 1) is Missing.NOT_ASKED
    for i in (0, 20, 49):
        found = shelf.get("AAA", H, first + i * STEP)
        assert isinstance(found, Forecast)
        assert found.made_at == first + i * STEP
    assert shelf.get("AAA", H, first + 50 * STEP) is Missing.EXPIRED


def test_it_serves_until_it_expires() -> None:
    shelf = Shelf([run_at(0, *PAIRS)])
    assert p_up(shelf.get("AAA", H, closed(1))) == 0.9
    assert shelf.get("AAA", H, closed(2)) is Missing.EXPIRED


def test_an_older_one_serves_where_the_newest_failed_or_had_no_bar() -> None:
    shelf = Shelf([run_at(0, *PAIRS, p_up=0.3), failed_run(Steady(ASKED).head, bars_at(1, "AAA"))])
    assert p_up(shelf.get("AAA", H, closed(1))) == 0.3
    assert p_up(shelf.get("BBB", H, closed(1))) == 0.3
    assert shelf.get("AAA", H, closed(2)) is Missing.FORECASTER_FAILED


def test_a_late_pair_is_answered_at_its_own_time() -> None:
    shelf = Shelf()
    shelf.put(run_at(3, "AAA", p_up=0.3), closed(2))
    shelf.put(run_at(1, "BBB", p_up=0.1), closed(3))  # older than what is there
    assert p_up(shelf.get("BBB", H, closed(1))) == 0.1
    assert p_up(shelf.get("AAA", H, closed(3))) == 0.3
    shelf.put(run_at(2, "BBB", p_up=0.2), closed(3))
    assert p_up(shelf.get("BBB", H, closed(2))) == 0.2
    assert len(shelf.runs) == 2  # that of time 1 expired


def test_it_forgets_what_expired_and_keeps_what_is_to_come() -> None:
    shelf = Shelf()
    for i in range(100):
        shelf.put(run_at(i, *PAIRS), closed(i))
    assert len(shelf.runs) == 2


def test_sets_of_one_head_make_a_run_and_others_do_not() -> None:
    run = Steady(ASKED).observe(block_of_series({"AAA": walk(1, 5), "BBB": walk(2, 5)}, STEP))
    assert run_of(list(run)).is_same(run)
    for sets in ([], [run[0], Steady(ASKED, lifetime_ms=1).observe(bars_at(0, "AAA"))[0]]):
        with pytest.raises(InvariantError, match="heads; expected one"):
            run_of(sets)
    with pytest.raises(IndexError):
        run[5]


def test_a_run_of_a_failed_forecaster_names_the_pairs_that_had_bars() -> None:
    head = Steady(ASKED).head
    run = failed_run(head, bars_at(0, "BBB", "ZZZ"))
    assert run[0].pairs == ("BBB",)
    assert run[0].get("BBB", H, closed(0)) is Missing.FORECASTER_FAILED
