"""The manifest names every system once, with defaults inside what a person may ask for."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.domain.systems import EXTRAS, PUBLISHED, SYSTEMS, system_get, systems_parse
from trading.base.domain.errors import BadInputError
from trading.signals.domain.strategies.systems import SYSTEMS as STRATEGIES

STEP_MS = 300_000


def test_the_eleven_published_systems_are_there_under_their_names() -> None:
    assert set(PUBLISHED) == {
        "passive_hold",
        "trailing_hold",
        "donchian_champion",
        "donchian_champion_aggressive",
        "donchian_champion_dynamic",
        "tight_trend_follow",
        "multi_week_breakout",
        "multi_week_breakout_ultra",
        "csma_revert",
        "hybrid_v2",
        "csma_revert_pro1",
    }
    assert EXTRAS == ("csma_range_revert",)
    assert {s.name for s in STRATEGIES} == set(SYSTEMS)


@pytest.mark.parametrize("name", SYSTEMS)
def test_defaults_and_search_bounds_are_allowed(name: str) -> None:
    strategy = SYSTEMS[name].strategy
    assert strategy.resolve({}) == {p.name: p.default for p in strategy.params}
    for edge in ("low", "high"):
        params = {p.name: getattr(p, edge) for p in strategy.params}
        vector = strategy.kernel_params(strategy.resolve(params), STEP_MS)
        assert vector.dtype == np.float64
        assert all(f.period >= 1 for f in strategy.features(params, STEP_MS))


def test_published_parameter_sets_outside_the_search_bounds_are_accepted() -> None:
    csma = SYSTEMS["csma_revert"].strategy
    assert csma.resolve({"atr_floor_pct": 0.97, "entry_drop": 0.99})["atr_floor_pct"] == 0.97
    dynamic = SYSTEMS["donchian_champion_dynamic"].strategy
    assert dynamic.resolve({"trailing_drawdown_pct": 0.4})["trailing_drawdown_pct"] == 0.4
    pro1 = SYSTEMS["csma_revert_pro1"].strategy
    assert pro1.resolve({"cooldown": 100, "trail": 0.3})["cooldown_bars"] == 100
    assert pro1.resolve({"crash_drawdown": 5e-7})["crash_drawdown"] == 5e-7
    hold = SYSTEMS["trailing_hold"].strategy
    assert hold.resolve({"trail_drawdown_pct": 1e-6})["trail_drawdown_pct"] == 1e-6


def test_a_parameter_under_two_names_is_refused() -> None:
    pro1 = SYSTEMS["csma_revert_pro1"].strategy
    with pytest.raises(BadInputError, match="given trail_pct twice"):
        pro1.resolve({"trail": 0.3, "trail_pct": 0.2})


def test_a_mistyped_system_is_answered_with_the_nearest() -> None:
    with pytest.raises(BadInputError, match="did you mean hybrid_v2"):
        system_get("hybrid_2")
    with pytest.raises(BadInputError, match="expected one of"):
        system_get("zzz")


def test_all_means_the_published_ones() -> None:
    assert [s.name for s in systems_parse(["all"])] == list(PUBLISHED)
    assert [s.name for s in systems_parse(["csma_range_revert"])] == ["csma_range_revert"]
    with pytest.raises(BadInputError, match="no strategy"):
        systems_parse([])
