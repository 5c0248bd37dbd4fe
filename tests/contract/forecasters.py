"""What every forecaster does, whatever it is made of. Inherit, say how to make yours, run.

class TestMine(ForecasterContract):
    def make(self, asked: Ask) -> Forecaster:
        return Mine(asked)
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.forecasts import EPOCH, STEP, walk, with_holes
from trading.base.domain.errors import InvariantError
from trading.learning.domain.forecasting.blocks import BarBlock, block_of, block_of_series
from trading.learning.domain.forecasting.runs import ForecastRun
from trading.learning.domain.forecasting.sets import Ask, ForecastSet, Missing
from trading.learning.ports.forecasters import Forecaster
from trading.market.domain.bars import BarArrays

PAIRS = ("AAA/USDT", "BBB/USDT", "CCC/USDT")
HORIZONS = (3 * STEP, 12 * STEP, 72 * STEP)
ASKED = Ask(PAIRS, STEP, HORIZONS, {"AAA/USDT": 0.0024})


def sets_of(forecaster: Forecaster, *blocks: BarBlock) -> list[ForecastSet]:
    return [one for block in blocks for one in forecaster.observe(block)]


def assert_same(mine: list[ForecastSet], its: list[ForecastSet]) -> None:
    assert len(mine) == len(its)
    for one, other in zip(mine, its, strict=True):
        assert one.is_same(other), f"sets of {one.open_time} and {other.open_time} differ"


class ForecasterContract:
    """Deterministic, blind to the future, and the same however its bars are cut."""

    def make(self, asked: Ask) -> Forecaster:
        raise NotImplementedError

    @pytest.fixture
    def series(self) -> dict[str, BarArrays]:
        n = self.make(ASKED).warm_up_bars + 60
        made = {pair: walk(k, n) for k, pair in enumerate(PAIRS)}
        made["BBB/USDT"] = with_holes(made["BBB/USDT"], [1, n - 30, n - 29])
        return made

    @pytest.fixture
    def block(self, series: dict[str, BarArrays]) -> BarBlock:
        return block_of_series(series, STEP)

    def test_it_answers_every_step_for_the_pairs_that_had_a_bar(self, block: BarBlock) -> None:
        sets = sets_of(self.make(ASKED), block)
        assert [one.open_time for one in sets] == block.open_times.tolist()
        stops = [0, *block.stops.tolist()]
        for one, first, stop in zip(sets, stops, stops[1:], strict=False):
            assert one.pairs == tuple(PAIRS[i] for i in block.places[first:stop])
            assert one.values.shape == (stop - first, len(one.head.horizons_ms), 6)

    def test_its_head_names_what_it_was_asked(self) -> None:
        head = self.make(ASKED).head
        assert head.forecaster
        assert head.bundle
        assert (head.pairs, head.step_ms) == (PAIRS, STEP)
        assert set(head.horizons_ms) <= set(HORIZONS)
        assert head.horizons_ms == tuple(sorted(head.horizons_ms))
        assert head.lifetime_ms >= 0

    def test_it_warms_up_and_then_answers_with_figures_in_order(self, block: BarBlock) -> None:
        forecaster = self.make(ASKED)
        seen = dict.fromkeys(PAIRS, 0)
        n_answers = 0
        for one in sets_of(forecaster, block):
            for pair, values, reasons in zip(one.pairs, one.values, one.reasons, strict=True):
                seen[pair] += 1
                is_warm = seen[pair] >= forecaster.warm_up_bars
                assert (reasons == 0).all() if is_warm else (reasons == Missing.WARMING_UP).all()
                for p_up, low, median, high, expected, net in values[reasons == 0].tolist():
                    n_answers += 1
                    assert 0.0 <= p_up <= 1.0
                    assert -1.0 <= low <= median <= high
                    assert math.isfinite(expected)
                    cost = ASKED.round_trip.get(pair, math.nan)
                    assert net == expected - cost or math.isnan(cost)
                assert np.isnan(values[reasons > 0]).all()
        assert n_answers > 0

    @pytest.mark.parametrize("size", [1, 7, 50])
    def test_blocks_of_any_size_say_what_one_block_says(self, block: BarBlock, size: int) -> None:
        cut = [block.steps(i, min(i + size, len(block))) for i in range(0, len(block), size)]
        assert_same(sets_of(self.make(ASKED), *cut), sets_of(self.make(ASKED), block))

    def test_no_forecast_knows_what_came_after_it(self, series: dict[str, BarArrays]) -> None:
        n = len(series["AAA/USDT"]) - 25
        past = {pair: bars.slice(0, n) for pair, bars in series.items()}
        whole = sets_of(self.make(ASKED), block_of_series(series, STEP))
        cut = [one for one in whole if one.open_time <= past["AAA/USDT"].open_time[-1]]
        before = sets_of(self.make(ASKED), block_of_series(past, STEP))
        assert_same([one for one in before if one.open_time <= cut[-1].open_time], cut)

    def test_a_new_one_that_is_shown_the_history_again_goes_on_alike(self, block: BarBlock) -> None:
        n = len(block) - 20
        first, rest = block.steps(0, n), block.steps(n, len(block))
        old, new = self.make(ASKED), self.make(ASKED)
        old.observe(first)
        new.observe(first)
        assert_same(sets_of(new, rest), sets_of(old, rest))

    def test_its_memory_goes_on_alike(self, block: BarBlock) -> None:
        n = len(block) - 20
        old, new = self.make(ASKED), self.make(ASKED)
        old.observe(block.steps(0, n))
        assert new.restore(old.memory())
        rest = block.steps(n, len(block))
        assert_same(sets_of(new, rest), sets_of(old, rest))

    def test_a_memory_of_another_layout_changes_nothing(self, block: BarBlock) -> None:
        other = self.make(Ask(PAIRS[:1], STEP, HORIZONS))
        forecaster, twin = self.make(ASKED), self.make(ASKED)
        for bytes_ in (other.memory(), b"", forecaster.memory() + b"x"):
            assert not forecaster.restore(bytes_)
        assert_same(sets_of(forecaster, block), sets_of(twin, block))

    def test_an_absent_pair_leaves_the_others_as_they_are(
        self, series: dict[str, BarArrays]
    ) -> None:
        without = {pair: bars for pair, bars in series.items() if pair != "BBB/USDT"}
        both = sets_of(self.make(ASKED), block_of_series(series, STEP))
        fewer = sets_of(self.make(ASKED), block_of_series(without, STEP))
        for one, other in zip(both, fewer, strict=True):
            for pair in other.pairs:
                mine, its = (
                    s.values[s.pairs.index(pair)].tobytes() for s in (one, other)
                )  # fmt: skip
                assert mine == its

    def test_a_pair_nobody_asked_about_is_not_answered(self, series: dict[str, BarArrays]) -> None:
        asked = Ask(PAIRS[:2], STEP, HORIZONS)
        sets = sets_of(self.make(asked), block_of_series(series, STEP))
        assert {pair for one in sets for pair in one.pairs} == set(PAIRS[:2])

    def test_asking_for_other_horizons_keeps_what_was_learnt(self, block: BarBlock) -> None:
        n = len(block) - 20
        first, rest = block.steps(0, n), block.steps(n, len(block))
        asked = Ask(PAIRS, STEP, HORIZONS[:1])
        forecaster, twin = self.make(ASKED), self.make(asked)
        forecaster.observe(first)
        twin.observe(first)
        forecaster.ask(asked)
        assert_same(sets_of(forecaster, rest), sets_of(twin, rest))

    def test_other_pairs_need_another_forecaster(self) -> None:
        with pytest.raises(InvariantError, match="was asked for 1 of"):
            self.make(ASKED).ask(Ask(PAIRS[:1], STEP, HORIZONS))

    def test_bars_of_another_length_are_refused_and_not_learnt(self, block: BarBlock) -> None:
        forecaster, twin = self.make(ASKED), self.make(ASKED)
        with pytest.raises(InvariantError, match="expected"):
            forecaster.observe(replace(block, step_ms=2 * STEP))
        assert_same(sets_of(forecaster, block), sets_of(twin, block))

    def test_it_has_nothing_to_say_about_no_bars(self) -> None:
        forecaster = self.make(ASKED)
        forecaster.prepare()
        assert len(forecaster.observe(block_of([], STEP))) == 0
        run = forecaster.observe(block_of([(EPOCH, [])], STEP))
        assert isinstance(run, ForecastRun)
        assert run[0].pairs == ()
