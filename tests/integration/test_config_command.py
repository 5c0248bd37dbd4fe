"""``config show|lint|rollback`` as a script sees it: output, exit code, nothing changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from tests.fakes.clock import FakeClock
from tests.fakes.config_folder import ConfigFolder
from trading.desk.models import ConfigRevision
from trading.desk.services.config.overrides import override_set

RATIO = "policy.savings.ratio"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> ConfigFolder:
    """Point the command at the test's own configuration."""
    made = ConfigFolder(tmp_path)
    settings.CONFIG_PATH = made.root
    monkeypatch.delenv("GUARDIAN_PROFILE", raising=False)
    return made


def run(*words: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("config", *words, stdout=out, stderr=err)
    except SystemExit as stop:
        return int(str(stop.code)), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def change(ratio: str) -> None:
    override_set(changes={RATIO: ratio}, reason="a test", author="anna", clock=FakeClock())


def test_show_prints_each_setting_with_its_origin() -> None:
    change("0.2")
    code, out, err = run("show", "--origin", "--config-set", "policy.risk.loss_streak=6")
    lines = {line.split(" = ")[0].strip(): line for line in out.splitlines() if " = " in line}
    assert (code, err) == (0, "")
    assert lines[RATIO].endswith("= 0.2  [database revision 1]")
    assert lines["policy.risk.loss_streak"].endswith("= 6  [command line --config-set]")
    assert lines["market.timeframe"].endswith("= 5m  [file config/desk.yaml:1]")
    assert lines["policy.stops.enabled"].endswith("= true  [default]")


def test_show_json_is_one_strict_object() -> None:
    code, out, _ = run("show", "--origin", "--json")
    answer = json.loads(out.splitlines()[-1])
    assert code == 0
    assert answer["config"]["policy"]["savings"]["ratio"] == "0.15"
    assert answer["origins"][RATIO] == "default"
    assert (answer["revision"], answer["profile"]) == (0, None)
    assert list(answer["files"]) == ["config/desk.yaml"]
    assert "origins" not in json.loads(run("show", "--json")[1])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("mrket: x\n", "config/desk.yaml:1: mrket is not a setting; did you mean market?"),
        ("policy: {savings: {ratio: 2}}\n",
         "config/desk.yaml:1: policy.savings.ratio was 2; expected 0 to 0.5 ratio; "
         "did you mean 0.02?"),
        ("a: [\n", "config/desk.yaml:2: not valid YAML: "
                   "expected the node content, but found '<stream end>'"),
        ("policy: !include ../../etc/passwd.yaml\n",
         "config/desk.yaml:1: !include '../../etc/passwd.yaml' leaves the configuration folder; "
         "keep it inside"),
    ],
)  # fmt: skip
def test_a_bad_file_stops_show_with_one_line_and_exit_2(
    folder: ConfigFolder, text: str, line: str
) -> None:
    folder.root.write_text(text)
    assert run("show") == (2, "", f"{line}\n")
    assert folder.root.read_text() == text


def test_a_bad_assignment_stops_show_with_exit_2() -> None:
    line = "--config-set: policy.savings.ratio was 'x'; expected a number\n"
    assert run("show", "--config-set", f"{RATIO}=x") == (2, "", line)


def test_lint_of_a_sound_configuration_has_nothing_to_mend() -> None:
    code, out, err = run("lint")
    assert (code, err, len(out.splitlines())) == (0, "", 1)
    assert out.startswith("note: policy.savings.score_min is 0.15: the threshold never binds")
    assert run("lint", "--config-set", "policy.savings.score_min=0")[:2] == (0, "no findings\n")


def test_show_says_when_a_change_counts() -> None:
    answer = json.loads(run("show", "--json")[1])
    assert answer["counts"]["policy"].startswith("from the next bar of running sessions")
    (line,) = [line for line in run("show")[1].splitlines() if line.startswith("counts: ")]
    assert "everything else when a session or feed is opened" in line


def test_lint_names_inert_settings_and_exits_1() -> None:
    code, out, _ = run("lint", "--config-set", "policy.signals.score_min=0.2")
    assert code == 1
    assert out.startswith("inert: policy.signals.conviction_min is 0.28")


def test_lint_names_what_is_not_valid_at_all_and_exits_1(folder: ConfigFolder) -> None:
    folder.write("desk.yaml", "mrket: x\npolicy: {risk: {loss_streak: 0}}\n")
    code, out, _ = run("lint", "--json")
    answer = json.loads(out)
    assert (code, answer["error"]) == (1, "config_findings")
    assert [finding["code"] for finding in answer["findings"]] == ["invalid", "invalid"]


def test_rollback_restores_and_reports() -> None:
    change("0.2")
    change("0.3")
    code, out, _ = run("rollback", "1", "--reason", "too much", "--json")
    answer = json.loads(out)
    assert code == 0
    assert (answer["revision"], answer["rolled_back_to"]) == (3, 1)
    assert answer["diff"] == {RATIO: ["0.3", "0.2"]}
    assert ConfigRevision.objects.get(number=3).author.startswith("command line (")


def test_rolling_back_to_what_is_in_force_is_refused_with_exit_1() -> None:
    assert run("rollback", "0", "--reason", "x")[0] == 1
    change("0.2")
    code, out, err = run("rollback", "1", "--reason", "x", "--json")
    assert (code, json.loads(out)["error"], len(err.splitlines())) == (1, "nothing_changed", 1)
    assert ConfigRevision.objects.count() == 1


@pytest.mark.parametrize("revision", ["9", "x", "-1", "1.5", "²"])
def test_rolling_back_to_no_revision_is_bad_input(revision: str) -> None:
    change("0.2")
    code, out, err = run("rollback", "--reason", "x", "--", revision)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert ConfigRevision.objects.count() == 1


def test_show_works_before_the_database_has_tables(tmp_path: Path, folder: ConfigFolder) -> None:
    environ = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{tmp_path}/empty.sqlite3",
        "GUARDIAN_CONFIG": str(folder.root),
        "GUARDIAN_DATA_DIR": str(tmp_path / "data"),
        "GUARDIAN__POLICY__SAVINGS__RATIO": "0.2",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "config", "show", "--json"],
        cwd=Path(__file__).resolve().parents[2],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["config"]["policy"]["savings"]["ratio"] == "0.2"
