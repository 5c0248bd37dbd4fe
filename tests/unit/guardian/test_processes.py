"""The supervisor is told exactly what makes a desk."""

from __future__ import annotations

from configparser import RawConfigParser
from dataclasses import replace

import pytest

from guardian.domain.processes import (
    DeskPlan,
    ProcessState,
    desk_programs,
    supervisor_config,
)
from guardian.selectors.processes import process_changes

PLAN = DeskPlan(
    python="/venv/bin/python",
    manage="/desk/manage.py",
    port=8001,
    n_desk_workers=3,
    n_sweep_workers=5,
    redis_command=("/bin/redis-server", "/data/redis.conf"),
)


def parsed(plan: DeskPlan = PLAN, *, run_dir: str = "/run") -> RawConfigParser:
    text = supervisor_config(
        desk_programs(plan),
        run_dir=run_dir,
        log_dir="/logs",
        socket="/run/s.sock",
        user="",
        launcher=("bond",),
    )
    parser = RawConfigParser()
    parser.read_string(text)
    return parser


def test_a_desk_is_redis_web_four_workers_beat_and_stream() -> None:
    assert [program.name for program in desk_programs(PLAN)] == [
        "redis",
        "web",
        "worker-desk",
        "worker-ml",
        "worker-sweeps",
        "worker-default",
        "beat",
        "stream",
    ]


def test_an_outside_redis_is_not_started() -> None:
    programs = desk_programs(replace(PLAN, redis_command=()))
    assert "redis" not in [program.name for program in programs]
    assert not parsed(replace(PLAN, redis_command=())).has_section("group:store")


def test_sessions_get_processes_and_the_rest_threads() -> None:
    commands = {program.name: " ".join(program.command) for program in desk_programs(PLAN)}
    assert "--pool prefork --concurrency 3" in commands["worker-desk"]
    assert "--pool threads --concurrency 1" in commands["worker-ml"]
    assert "--pool threads --concurrency 4" in commands["worker-default"]


def test_a_study_does_not_take_the_place_of_the_trials_it_waits_for() -> None:
    commands = {program.name: " ".join(program.command) for program in desk_programs(PLAN)}
    assert "--pool threads --concurrency 6" in commands["worker-sweeps"]


def test_sources_stop_first_and_redis_last() -> None:
    config = parsed()
    priority = {
        name: config.getint(f"group:{name}", "priority")
        for name in ("store", "web", "workers", "sources")
    }
    assert sorted(priority, key=priority.__getitem__) == ["store", "web", "workers", "sources"]


def test_every_child_is_restarted_drained_and_bound_to_the_supervisor() -> None:
    config = parsed()
    sections = [name for name in config.sections() if name.startswith("program:")]
    assert len(sections) == 8
    for name in sections:
        assert config.get(name, "autorestart") == "true"
        assert config.get(name, "stopsignal") == "TERM"
        assert config.get(name, "command").startswith("bond ")


def test_strange_paths_survive_the_configuration_file() -> None:
    plan = replace(PLAN, manage="/my desk/100%/ma'nage.py")
    config = parsed(plan, run_dir="/my desk/100%")
    assert '"/my desk/100%%/ma\'nage.py"' in config.get("program:stream", "command")
    assert config.get("supervisord", "pidfile") == "/my desk/100%%/supervisord.pid"


def state(name: str, word: str, pid: int, why: str = "") -> ProcessState:
    return ProcessState(name=name, state=word, pid=pid, up_s=0, description=why)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (state("web", "STARTING", 5), state("web", "RUNNING", 5), []),
        (
            state("web", "RUNNING", 5),
            state("web", "STARTING", 6),
            ["web ended as 5 and runs again as 6"],
        ),
        (
            state("web", "RUNNING", 5),
            state("web", "BACKOFF", 0, "Exited too quickly"),
            ["web ended (Exited too quickly)"],
        ),
        (
            state("web", "BACKOFF", 0),
            state("web", "STARTING", 7),
            ["web runs again as process 7"],
        ),
        (
            state("web", "BACKOFF", 0),
            state("web", "FATAL", 0),
            ["web keeps ending and is left alone for a minute"],
        ),
        (state("web", "FATAL", 0), state("web", "FATAL", 0), []),
    ],
)
def test_changes_are_told_once(before: ProcessState, after: ProcessState, said: list[str]) -> None:
    assert process_changes([before], [after]) == said


def test_a_process_never_seen_before_is_not_news() -> None:
    assert process_changes([], [state("web", "RUNNING", 5)]) == []
