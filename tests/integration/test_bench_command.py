"""``bench``: what one benchmark lacks does not cost what the others found."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from guardian.management.commands import bench
from optimizer import bootstrap
from trading.base.domain.errors import BadInputError
from trading.desk import bootstrap as desk


def ended(*words: str) -> tuple[int, str, str]:
    """Return the exit code and what was said to either side."""
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("bench", *words, stdout=out, stderr=err)
    return int(stopped.value.code or 0), out.getvalue(), err.getvalue()


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return which benchmarks ran; there are no candles for the sweep."""
    found: list[str] = []

    def run(name: str) -> Any:
        def measure(**_given: Any) -> dict[str, Any]:
            found.append(name)
            return {"rate": 7}

        return measure

    def without_candles(**_given: Any) -> dict[str, Any]:
        raise BadInputError("no candles are stored; import them")

    monkeypatch.setattr(desk, "core_bench_run", run("core"))
    monkeypatch.setattr(bootstrap, "evaluator_bench_run", run("evaluator"))
    monkeypatch.setattr(bootstrap, "sweep_bench_run", without_candles)
    for name in ("core", "evaluator"):
        monkeypatch.setattr(bench, f"{name}_lines", lambda part: [f"rate {part['rate']}"])
    return found


def test_of_all_those_that_ran_are_shown_and_the_others_say_why(measured: list[str]) -> None:
    code, out, err = ended("--json")
    answer = json.loads(out.splitlines()[-1])
    assert (code, measured) == (1, ["core", "evaluator"])
    assert (answer["core"], answer["evaluator"]) == ({"rate": 7}, {"rate": 7})
    assert answer["sweep"]["message"] == "no candles are stored; import them"
    assert answer["message"] == "not measured: sweep"
    assert "bench: sweep: no candles are stored; import them" in err
    code, out, _ = ended()
    assert (code, out.splitlines()) == (
        1,
        ["rate 7", "rate 7", "sweep: not measured: no candles are stored; import them"],
    )


def test_a_benchmark_asked_for_alone_is_refused_as_ever(measured: list[str]) -> None:
    assert ended("sweep") == (2, "", "no candles are stored; import them\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--trials", "x"], "trials was 'x'"),
        (["--workers", "0"], "workers were 0"),
        (["--rounds", "0"], "rounds were 0"),
        (["--candles-file", "nowhere.csv"], "candles file was 'nowhere.csv'; there is no such"),
        (["--swap-costs", "nowhere.json"], "swap costs were 'nowhere.json'; there is no such"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_measured(
    measured: list[str], words: list[str], said: str
) -> None:
    code, _, err = ended(*words)
    assert (code, measured) == (2, [])
    assert said in err
