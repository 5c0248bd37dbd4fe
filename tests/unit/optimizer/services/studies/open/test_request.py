"""What a person asks of a study is checked as a whole before anything is written."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from optimizer.domain.systems import PUBLISHED
from optimizer.services.studies.open.problems import InvalidRequestError, Problems
from optimizer.services.studies.open.request import (
    CHECKS,
    StudyRequest,
    request_check,
    values_check,
    values_read,
)
from optimizer.services.studies.open.typed import whole
from trading.base.domain.errors import BadInputError


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
        ({"n_trials": 5}, "trials were 5; 11 strategies need at least 11"),
        ({"strategies": ("passive_hold", "hybrid_v2"), "n_trials": 1}, "2 strategies need at"),
        ({"windows": ("1y", "30d", "365d")}, "windows '1y' and '365d' are the same; give one"),
        ({"strategies": ("all", "csma_revert")}, "strategy was 'all' beside others; expected all"),
        ({"strategies": ("csma_revert", "all")}, "strategy was 'all' beside others; expected all"),
        ({"workers_via": "celery", "cpu_fraction": 0.9}, "cpu fraction was 0.9; it is a share of"),
        ({"max_workers": 2, "cpu_fraction": 0.5}, "was 0.5 and max workers was 2; give one of"),
        ({"seed": 10**100}, f"seed was 1{'0' * 59}…; expected 0 to"),
        ({"sampler": "x" * 99}, f"sampler was '{'x' * 60}…'"),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_value(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInputError, match=said.replace("+", r"\+")):
        request_check(StudyRequest(**changed))


WRONG: dict[str, tuple[Any, str]] = {
    "strategies": ((), "no strategy was given"),
    "objectives": (("gain",), "objective was 'gain'"),
    "windows": (("3w",), "window was '3w'"),
    "n_trials": (-5, "trials was -5"),
    "trade_size": (Decimal(-1), "trade size was -1"),
    "sampler": ("tpes", "sampler was 'tpes'"),
    "seed": (-1, "seed was -1"),
    "fill": ("same", "fill was 'same'"),
    "warm_up_bars": (-1, "warm-up bars was -1"),
    "prune_share": (0.6, "prune share was 0.6"),
    "holdout_share": (0.8, "holdout share was 0.8"),
    "embargo_days": (-1.0, "embargo days was -1.0"),
    "report_every": (-2, "report every was -2"),
    "workers_via": ("ssh", "workers via was 'ssh'"),
    "max_workers": (0, "max workers was 0"),
    "cpu_fraction": (2.0, "cpu fraction was 2.0"),
}


def test_every_field_of_a_request_is_checked() -> None:
    assert list(CHECKS) == [field.name for field in fields(StudyRequest)] == list(WRONG)


def test_all_that_is_wrong_is_named_at_once_in_the_order_of_the_fields() -> None:
    request = StudyRequest(**{name: value for name, (value, _) in WRONG.items()})
    with pytest.raises(InvalidRequestError) as caught:
        request_check(request)
    assert list(caught.value.problems) == list(WRONG)
    for line, (_, said) in zip(str(caught.value).splitlines(), WRONG.values(), strict=True):
        assert line.startswith(said)


def test_some_values_alone_are_checked_together() -> None:
    values_check({"max_workers": None, "cpu_fraction": 0.5})
    with pytest.raises(InvalidRequestError) as caught:
        values_check({"max_workers": 0, "workers_via": "ssh"})
    assert set(caught.value.problems) == {"max_workers", "workers_via"}


def test_values_that_are_right_alone_are_refused_together_with_the_rest() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        values_check({"strategies": ("all",), "n_trials": 10, "seed": -1})
    assert list(caught.value.problems) == ["seed", "n_trials"]
    with pytest.raises(InvalidRequestError) as caught:
        values_check({"workers_via": "celery", "cpu_fraction": 0.5})
    assert list(caught.value.problems) == ["cpu_fraction"]
    values_check({"n_trials": 5})
    values_check({"workers_via": "celery", "cpu_fraction": None, "max_workers": 3})
    values_check({"workers_via": "local", "cpu_fraction": 0.5})
    values_check({"strategies": ("all",), "n_trials": 11})


def test_what_is_not_said_about_workers_is_nine_tenths_of_the_cores() -> None:
    for via in ("local", "celery"):
        settings = request_check(StudyRequest(workers_via=via)).settings
        assert (settings["max_workers"], settings["cpu_fraction"]) == (None, 0.9)
    assert request_check(StudyRequest(cpu_fraction=0.5)).settings["cpu_fraction"] == 0.5


@pytest.mark.parametrize(
    ("windows", "share", "is_idle"),
    [(("1y",), 0.1, True), (("1y",), 0.0, False), (("1y", "30d"), 0.1, False)],
)
def test_nothing_is_pruned_on_one_window(
    windows: tuple[str, ...], share: float, is_idle: bool
) -> None:
    assert StudyRequest(windows=windows, prune_share=share).prunes_nothing is is_idle


def test_what_was_typed_is_read_and_checked_and_only_what_can_be_is_returned() -> None:
    problems = Problems()
    read = values_read(
        {
            "n_trials": partial(whole, "trials", "many"),
            "seed": partial(whole, "seed", "-4"),
            "report_every": partial(whole, "report every", "50"),
            "max_workers": partial(whole, "workers", "2"),
        },
        problems,
    )
    assert read == {"report_every": 50, "max_workers": 2}
    assert list(problems.sentences) == ["n_trials", "seed"]
    assert problems.sentences["n_trials"] == "trials was 'many'; expected a whole number"
    assert problems.sentences["seed"].startswith("seed was -4; expected 0 to")
