"""``optimize`` as a person types it: run, list, report, stop, resume; one line for what fails."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from optimizer import bootstrap
from optimizer.domain.evaluator.warm import kernels_warm
from optimizer.models import Study
from tests import factories as make
from tests.fakes.redis_server import RedisServer
from tests.integration.studies.inputs import arguments
from tests.integration.studies.killing import Orchestrator, study_newest, wait_for_trials
from tests.waiting import wait_for
from trading.base.adapters.system_clock import SystemClock

pytestmark = pytest.mark.django_db(transaction=True)


def run(*words: str) -> dict[str, Any]:
    out = StringIO()
    call_command("optimize", *words, stdout=out, stderr=StringIO())
    return dict(json.loads(out.getvalue().splitlines()[-1]))


def refusals(code: int, *words: str) -> list[str]:
    err = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("optimize", *words, stdout=StringIO(), stderr=err)
    assert stopped.value.code == code
    return err.getvalue().splitlines()


def refused(code: int, *words: str) -> str:
    (line,) = refusals(code, *words)
    return line


@pytest.fixture
def inputs(tmp_path: Path, settings: Any) -> list[str]:
    settings.DATA_DIR = tmp_path
    return arguments(tmp_path, trials=40)


@pytest.mark.slow
def test_a_study_is_run_listed_and_reported(inputs: list[str], tmp_path: Path) -> None:
    kernels_warm()
    answer = run("run", *inputs)
    assert (answer["trials"], answer["status"]) == (40, "finished")
    assert answer["trials_per_second"] > 0
    assert answer["cpu_utilisation"] > 0
    assert set(answer["best"]) == {"final_balance", "profit_biased", "utility", "mar"}
    best = answer["best"]["final_balance"]
    assert set(best) >= {"trial", "score", "params", "luck"}
    assert set(best["luck"]) >= {
        "verdict",
        "reasons",
        "deflated_sharpe",
        "pbo",
        "holdout_return_pct",
    }
    page = Path(answer["run_dir"]) / "report.html"
    page.unlink()
    again = run("report", str(answer["study"]), "--json")
    assert again["best"] == answer["best"]
    assert page.is_file()
    assert "overall.csv" in again["files"]
    (line,) = run("list", "--json")["studies"]
    assert (line["study"], line["state"], line["trials"]) == (answer["study"], "finished", 40)
    assert line["luck"] in {"explained", "not_proven", "survives"}
    out = StringIO()
    call_command("optimize", "list", stdout=out)
    assert "finished" in out.getvalue()
    assert "40 of 40" in out.getvalue()
    assert "is finished" in refused(1, "resume", str(answer["study"]))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (["--trials", "many"], "trials was 'many'; expected a whole number"),
        (["--trials", "0"], "trials was 0"),
        (["--sampler", "cmaess"], "did you mean cmaes?"),
        (["--strategies", "donchian_champ"], "did you mean donchian_champion"),
        (["--objectives", "gain"], "objective was 'gain'"),
        (["--windows", "3w"], "window was '3w'"),
        (["--trade-size", "x"], "trade size was 'x'"),
        (["--holdout-share", "0.9"], "holdout share was 0.9"),
        (["--max-workers", "0"], "max workers was 0"),
        (["--candles-file", "nowhere.parquet"], "nowhere.parquet"),
        (["--swap-costs", "nowhere.json"], "there is no such file"),
        (["--venue", "pulsex"], "not both"),
        (["--trials", "3"], "trials were 3; 4 strategies need at least 4"),
        (["--windows", "365d,1y"], "windows '365d' and '1y' are the same"),
        (["--windows", "99999d,all"], "windows '99999d' and 'all' are the same stretch of these"),
        (["--embargo-days", "365"], "embargo days was 365, 105,120 bars; the holdout is 6.25 days"),
        (["--strategies", "all,csma_revert"], "strategy was 'all' beside others; expected all"),
    ],
)
def test_what_cannot_be_is_one_line_and_opens_nothing(
    changed: list[str], said: str, inputs: list[str], tmp_path: Path
) -> None:
    assert said in refused(2, "run", *inputs, *changed)
    assert not Study.objects.exists()
    assert not (tmp_path / "reports").exists()


def test_all_that_is_wrong_is_said_at_once_a_line_for_each(
    inputs: list[str], tmp_path: Path
) -> None:
    changed = ["--trials", "-5", "--seed", "x", "--windows", "3w", "--max-workers", "0",
               "--candles-file", "nowhere.parquet", "--swap-costs", "nowhere.json"]  # fmt: skip
    assert refusals(2, "run", *inputs, *changed) == [
        "candles file was 'nowhere.parquet'; there is no such file",
        "swap costs were 'nowhere.json'; there is no such file",
        "window was '3w'; expected all, 1y or a number of days like 90d",
        "trials was -5; expected 1 to 99999999",
        "seed was 'x'; expected a whole number",
        "max workers was 0; expected 1 to 512",
    ]
    assert not Study.objects.exists()
    assert not (tmp_path / "reports").exists()


def test_processes_and_a_share_of_the_cores_are_refused_together_beside_the_rest(
    inputs: list[str],
) -> None:
    words = ["--max-workers", "2", "--cpu-fraction", "0.5", "--seed", "9" * 5_000]
    assert refusals(2, "run", *inputs, *words) == [
        f"seed was '{'9' * 60}…'; expected a whole number",
        "cpu fraction was 0.5 and max workers was 2; give one of them",
    ]
    study = make.study(status="cancelled")
    assert refused(2, "resume", str(study.pk), *words[:4]).endswith("give one of them")


def test_wrong_workers_of_a_study_to_be_resumed_are_all_named(
    inputs: list[str], settings: Any
) -> None:
    study = make.study(status="cancelled")
    words = ("resume", str(study.pk), "--max-workers", "x", "--workers-via", "ssh")
    assert refusals(2, *words) == [
        "workers via was 'ssh'; expected local, celery",
        "max workers was 'x'; expected a whole number",
    ]
    study.refresh_from_db()
    assert study.status == "cancelled"


def celery(words: list[str]) -> list[str]:
    """Return the same arguments with Celery workers, of whom nothing is said."""
    place = words.index("--max-workers")
    return [*words[:place], *words[place + 2 :], "--workers-via", "celery"]


def test_a_share_of_the_cores_is_refused_for_celery_workers(inputs: list[str]) -> None:
    words = [*celery(inputs), "--cpu-fraction", "0.9"]
    said = refused(2, "run", *words)
    assert said.startswith("cpu fraction was 0.9; it is a share of this machine's cores and says")
    assert not Study.objects.exists()


def test_a_study_of_celery_workers_keeps_them_when_it_is_resumed(inputs: list[str]) -> None:
    study = make.study(status="cancelled", settings={"workers_via": "celery"})
    said = refused(2, "resume", str(study.pk), "--cpu-fraction", "0.5")
    assert said.startswith("cpu fraction was 0.5; it is a share of this machine's cores")
    study.refresh_from_db()
    assert (study.status, study.settings["workers_via"]) == ("cancelled", "celery")


def options_help(action: str) -> str:
    out = StringIO()
    with redirect_stdout(out), pytest.raises(SystemExit):
        call_command("optimize", action, "--help")
    return " ".join(out.getvalue().split())


def test_resume_says_that_what_is_not_given_is_kept() -> None:
    said = options_help("resume")
    assert said.count("(as the study has it, unless given)") == 3
    assert "default" not in said
    assert "(default 0.9)" in options_help("run")


@pytest.mark.parametrize(
    ("changed", "is_said"),
    [
        (["--windows", "all", "--prune-share", "0.2"], True),
        (["--windows", "all", "--prune-share", "0"], False),
        (["--windows", "all"], False),
        (["--prune-share", "0.2"], False),
    ],
)
def test_a_share_to_prune_that_changes_nothing_is_said_and_is_no_refusal(
    inputs: list[str], changed: list[str], is_said: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    # the costs are missing, which is found behind the note and before any worker is started
    Path(inputs[inputs.index("--swap-costs") + 1]).write_text("{}")
    refusals(2, "run", *inputs, *changed)
    said = "prune share 0.2 changes nothing: trials are given up between windows, and there is one"
    assert (said in capsys.readouterr().err) is is_said


def test_a_study_that_does_not_exist_is_named(inputs: list[str]) -> None:
    for action in ("resume", "report"):
        assert "study was 7; there is no such study" in refused(2, action, "7")
        assert "study was 'x'" in refused(2, action, "x")
    assert run("list", "--json") == {"studies": []}


def test_a_study_that_lives_is_not_resumed_and_keeps_all_it_has(
    inputs: list[str], settings: Any
) -> None:
    now = SystemClock().now()
    study = make.study(owner="elsewhere:7:x", heartbeat_at=now, is_cancel_wanted=True)
    before = Study.objects.values().get()
    line = refused(1, "resume", str(study.pk), "--max-workers", "3")
    assert f"study {study.pk} is run by elsewhere:7:x, last sign of life" in line
    assert Study.objects.values().get() == before


@pytest.mark.slow
def test_a_study_whose_owner_is_long_silent_elsewhere_is_resumed(inputs: list[str]) -> None:
    kernels_warm()
    study_id = run("run", *inputs)["study"]
    long_ago = SystemClock().now() - timedelta(days=3)
    Study.objects.filter(pk=study_id).update(
        status="running",
        owner="otherhost:4242:deadbeef",
        heartbeat_at=long_ago,
        expires_at=long_ago,
        finished_at=None,
    )
    answer = run("resume", str(study_id), "--json")
    assert (answer["trials"], answer["status"]) == (40, "finished")
    assert answer["trials_per_second"] > 0  # of the study, not of a run that only concluded


def test_a_second_signal_leaves_no_study_that_a_worker_would_go_on_with(
    inputs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(**_given: Any) -> None:
        # by then a run has given its study up, for whoever goes on with it
        for _ in range(2):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(bootstrap, "study_run", interrupted)
    said = refusals(130, "run", *inputs)
    study = Study.objects.get()
    how = f"go on with: manage.py optimize resume {study.pk}"
    assert said[-2:] == [how, "stopped; what was done is kept"]
    assert (study.status, study.status_reason) == ("cancelled", f"stopped by hand; {how}")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.close()


@pytest.mark.slow
@pytest.mark.any_store
@pytest.mark.timeout(300)
def test_a_signal_stops_in_good_order_and_says_how_to_go_on(
    tmp_path: Path, redis: RedisServer
) -> None:
    kernels_warm()
    running = Orchestrator(tmp_path, redis)
    running.start("run", *arguments(tmp_path, trials=3000))
    wait_for(lambda: study_newest() is not None, "the study")
    study = study_newest()
    assert study is not None
    wait_for_trials(study.pk, 200, running)
    assert running.process is not None
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(60) == 130
    study.refresh_from_db()
    assert (study.status, study.owner) == ("cancelled", "")
    assert 200 <= study.n_done < 3000
    stopped = json.loads((tmp_path / "out").read_text().splitlines()[-1])
    assert (stopped["error"], stopped["study"]) == ("stopped", study.pk)
    assert (stopped["trials"], stopped["status"]) == (study.n_done, "cancelled")
    assert stopped["trials_per_second"] > 0
    said = (tmp_path / "err").read_text()
    assert f"go on with: manage.py optimize resume {study.pk}" in said
    assert "Traceback" not in said
    running.start("resume", str(study.pk), "--max-workers", "1", "--json")
    answer = running.answer()
    assert (answer["study"], answer["trials"], answer["status"]) == (study.pk, 3000, "finished")
