"""What a person asks of a study is checked as a whole before anything is written."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from optimizer.domain.systems import PUBLISHED
from optimizer.services.studies.request import StudyRequest, request_check
from trading.domain.errors import BadInputError


def test_names_are_resolved_and_windows_sorted() -> None:
    plan = request_check(StudyRequest(windows=("all", "30d", "1y", "90d")))
    assert plan.strategies == PUBLISHED
    assert plan.windows == ("30d", "90d", "1y", "all")
    assert plan.objectives[0] == "final_balance"
    assert plan.n_trials == 2000


def test_a_search_without_parameters_has_one_trial_a_strategy() -> None:
    assert request_check(StudyRequest(strategies=("passive_hold",))).n_trials == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"n_trials": 0}, "trials was 0; expected 1"),
        ({"trade_size": Decimal(0)}, "trade size was 0"),
        ({"trade_size": Decimal("1e20")}, "trade size was 1E+20"),
        ({"seed": -1}, "seed was -1"),
        ({"sampler": "cmae"}, "did you mean cmaes"),
        ({"sampler": "x"}, "expected cmaes, random"),
        ({"strategies": ("donchian",)}, "strategy was 'donchian'"),
        ({"objectives": ("gain",)}, "objective was 'gain'"),
        ({"windows": ("30d", "30d")}, "given twice"),
        ({"windows": ()}, "no window"),
        ({"fill": "same"}, "fill was 'same'"),
        ({"prune_share": 0.6}, "prune share was 0.6"),
        ({"prune_share": float("nan")}, "prune share was nan"),
        ({"holdout_share": 0.51}, "holdout share was 0.51"),
        ({"embargo_days": -1.0}, "embargo days was -1"),
        ({"report_every": -5}, "report every was -5"),
        ({"warm_up_bars": -1}, "warm-up bars was -1"),
        ({"workers_via": "ssh"}, "workers via was 'ssh'"),
        ({"max_workers": 0}, "max workers was 0"),
        ({"cpu_fraction": 0.0}, "cpu fraction was 0.0"),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_value(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInputError, match=said.replace("+", r"\+")):
        request_check(StudyRequest(**changed))
