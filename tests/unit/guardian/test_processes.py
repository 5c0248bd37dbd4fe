"""The supervisor is told exactly what makes a desk."""

from __future__ import annotations

import shlex
from configparser import RawConfigParser
from dataclasses import replace

import pytest

from guardian.domain.processes import (
    DeskPlan,
    ProcessState,
    desk_programs,
    supervisor_config,
    supervisor_environ,
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


def environ(plan: DeskPlan = PLAN, *, folder: str = "/run") -> dict[str, str]:
    return supervisor_environ(
        desk_programs(plan),
        run_dir=folder,
        log_dir=f"{folder}/logs",
        socket="/run/s.sock",
        launcher=("bond",),
    )


def parsed(plan: DeskPlan = PLAN) -> RawConfigParser:
    parser = RawConfigParser(inline_comment_prefixes=(";", "#"))  # as supervisord reads it
    parser.read_string(supervisor_config(desk_programs(plan), user=""))
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
        variable = config.get(name, "command").removeprefix("%(ENV_").removesuffix(")s")
        assert environ()[variable].startswith("bond ")


@pytest.mark.parametrize(
    "folder",
    ["/100% mine", "/a ;b", "/a #b", '/a "b" c', "/it's", "/back\\slash", "/日本 ü", "/%(x)s"],
)
def test_strange_paths_reach_the_supervisor_as_they_are(folder: str) -> None:
    plan = replace(PLAN, manage=f"{folder}/manage.py", python=f"{folder}/python")
    config, variables = parsed(plan), environ(plan, folder=folder)
    known = {f"ENV_{name}": value for name, value in variables.items()}

    def expanded(section: str, key: str) -> str:
        return config.get(section, key) % known

    assert shlex.split(expanded("program:stream", "command")) == [
        "bond", f"{folder}/python", f"{folder}/manage.py", "stream"
    ]  # fmt: skip
    assert expanded("supervisord", "pidfile") == f"{folder}/supervisord.pid"
    assert expanded("program:web", "stdout_logfile") % known == f"{folder}/logs/web.log"


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
