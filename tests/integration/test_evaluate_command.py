"""``evaluate`` and ``bench`` as a person types them."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.core.management import call_command

from tests.oracles.paths import RUNGS, path


@pytest.fixture(autouse=True)
def _data_dir(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "data"


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    bars = path(2, 900)
    names = ("open", "high", "low", "close", "volume")
    table = pd.DataFrame(dict(zip(names, bars.values, strict=True)))
    table.insert(0, "timestamp", pd.to_datetime(bars.open_time, unit="ms", utc=True))
    table.to_parquet(tmp_path / "candles.parquet")
    entries = {
        str(rung): {
            "derived": {"loss_rate": str(loss)},
            "buy": {"gas_use_estimate_usd": buy},
            "sell": {"gas_use_estimate_usd": sell},
        }
        for rung, loss, buy, sell in RUNGS
    }
    (tmp_path / "costs.json").write_text(json.dumps({"metadata": {}, "entries": entries}))
    return [
        "--candles-file",
        str(tmp_path / "candles.parquet"),
        "--swap-costs",
        str(tmp_path / "costs.json"),
        "--trade-size",
        "1000",
    ]


def run(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("evaluate", *arguments, "--json", stdout=out)

    def refuse(token: str) -> None:
        raise AssertionError(f"{token} is not strict JSON")

    line = out.getvalue().splitlines()[-1]
    answer: dict[str, Any] = json.loads(line, parse_constant=refuse)
    return answer


def refusals(*arguments: str) -> list[str]:
    err = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("evaluate", *arguments, stdout=StringIO(), stderr=err)
    assert stopped.value.code == 2
    return err.getvalue().splitlines()


def refused(*arguments: str) -> str:
    (line,) = refusals(*arguments)
    return line


def test_evaluate_answers_with_metrics_objectives_and_trades(files: list[str]) -> None:
    answer = run("--strategy", "passive_hold", *files)
    assert answer["bars"] == 900
    assert answer["metrics"]["num_trades"] == 1
    assert answer["metrics"]["initial_balance"] == 1000.0
    assert set(answer["objectives"]) >= {"final_balance", "mar", "utility", "cps"}
    (trade,) = answer["trades"]
    assert (trade["entry_index"], trade["exit_index"]) == (1, 899)
    assert answer["elapsed_s"] >= 0


def test_an_unbounded_ratio_is_null(files: list[str]) -> None:
    answer = run("--strategy", "multi_week_breakout", *files)
    assert answer["metrics"]["num_trades"] == 0
    assert answer["metrics"]["recovery_factor"] is None


def test_parameters_windows_and_fills_reach_the_run(files: list[str]) -> None:
    params = '{"entry_days": 0.2, "exit_days": 0.1, "max_equity_drawdown_pct": 0.02}'
    answer = run("--strategy", "donchian_champion", "--params", params, "--window", "2d", *files)
    assert answer["params"]["entry_days"] == 0.2
    assert answer["params"]["max_equity_drawdown_pct"] == 0.02
    assert answer["metrics"]["is_tripped"] is True
    assert answer["bars"] < 900
    close = run("--strategy", "donchian_champion", "--fill", "next_close", *files)
    assert close["fill"] == "next_close"


def test_a_person_gets_lines(files: list[str]) -> None:
    out = StringIO()
    call_command("evaluate", "--strategy", "passive_hold", *files, stdout=out)
    assert out.getvalue().startswith("passive_hold over 900 bars")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (["--strategy", "pasive_hold"], "did you mean passive_hold"),
        (["--params", "{"], "not JSON"),
        (["--params", "[1]"], "expected an object"),
        (["--params", '{"trail_drawdown_pct": "x"}'], "expected a number"),
        (["--params", '{"trail_drawdown_pct": true}'], "expected a number"),
        (["--params", '{"trail_drawdown_pct": 7}'], "trail_drawdown_pct was 7"),
        (["--params", f'{{"trail_drawdown_pct": {"9" * 4_000}}}'], f"was {'9' * 60}…; expected a"),
        (["--params", f'{{"{"t" * 4_000}": 1}}'], f"name was '{'t' * 60}…'"),
        (["--params", '{"trail_drawdown_pct": 26}'], "did you mean 0.26, 26 %?"),
        (["--params", '{"max_equity_drawdown_pct": 20}'], "did you mean 0.2, 20 %?"),
        (["--params", '{"max_equity_drawdown_pct": -0.2}'], "did you mean 0.2?"),
        (["--params", '{"regime_exit_days": 3}'], "says nothing without regime_entry_days"),
        (["--params", '{"trial": 0.5}'], "has no parameter 'trial'"),
        (["--params", '{"trail_drawdown_pct": NaN}'], "trail_drawdown_pct was nan"),
        (["--window", "3w"], "window was '3w'"),
        (["--fill", "same_bar"], "fill was 'same_bar'"),
        (["--trade-size", "much"], "trade size was 'much'"),
        (["--trade-size", "-5"], "trade size was -5"),
        (["--warm-up-bars", "-1"], "warm-up bars was -1"),
        (["--warm-up-bars", "1.9"], "warm-up bars was '1.9'; expected a whole number"),
        (["--swap-costs", "nowhere.json"], "there is no such file"),
        (["--candles-file", "nowhere.parquet"], "nowhere.parquet"),
        (["--venue", "pulsex"], "not both"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    changed: list[str], said: str, files: list[str]
) -> None:
    assert said in refused("--strategy", "trailing_hold", *files, *changed)


def test_all_that_is_wrong_is_said_at_once_a_line_for_each(files: list[str]) -> None:
    changed = ["--strategy", "trailing_hold", "--candles-file", "nowhere.parquet",
               "--swap-costs", "nowhere.json", "--params", '{"trial": 1, "trail_drawdown_pct": 7}',
               "--window", "3w", "--trade-size", "much", "--fill", "same_bar",
               "--warm-up-bars", "x"]  # fmt: skip
    subjects = ("candles file was", "swap costs were", "trailing_hold has no parameter 'trial'",
                "trail_drawdown_pct was 7", "window was '3w'", "trade size was 'much'",
                "fill was 'same_bar'", "warm-up bars was 'x'")  # fmt: skip
    for line, subject in zip(refusals(*files, *changed), subjects, strict=True):
        assert line.startswith(subject)


@pytest.mark.parametrize("option", ["--strategy", "--window", "--params", "--trade-size", "--fill"])
def test_a_value_that_is_too_long_is_not_said_again_whole(option: str, files: list[str]) -> None:
    line = refused("--strategy", "trailing_hold", *files, option, "9" * 5_000)
    assert f"{'9' * 60}…" in line
    assert "9" * 61 not in line


def test_missing_candles_are_asked_for(files: list[str]) -> None:
    assert "no candles" in refused("--strategy", "passive_hold", *files[2:])


def test_a_broken_cost_file_is_named(files: list[str], tmp_path: Path) -> None:
    for text, said in (("{", "not JSON"), ("[]", "no entries"), ('{"entries": {}}', "no entries")):
        (tmp_path / "costs.json").write_text(text)
        assert said in refused("--strategy", "passive_hold", *files)
