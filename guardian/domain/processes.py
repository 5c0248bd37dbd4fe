"""Which processes make a desk, how each is started, and how a supervisor is told so.

Pure: paths and numbers in, command lines and one configuration text out. Passwords never appear
here; children read them from files that only their owner can open.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

QUEUES = ("desk", "ml", "sweeps", "default")
STUDIES_AT_ONCE = 1  # in one worker; each of them uses every core it is given
STOP_WAIT_S = 30  # a child has this long to finish what it holds before it is killed
# A child that ends sooner is started again after a pause, which grows by a second each time;
# one that ends later is started again at once.
SETTLED_S = 10
START_TRIES = 10
GIVEN_UP = "FATAL"  # the supervisor's word for a child that used up its tries


class Group(StrEnum):
    """Programs of one group stop together; groups stop in the reverse of this order."""

    STORE = "store"
    WEB = "web"
    WORKERS = "workers"
    SOURCES = "sources"


@dataclass(frozen=True, slots=True)
class Program:
    """One supervised process."""

    name: str
    group: Group
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeskPlan:
    """What ``up`` was asked to run.

    Attributes:
        python: interpreter of the virtual environment.
        manage: path of ``manage.py``.
        port: TCP port of the web server on the loopback interface.
        n_desk_workers: processes that may run sessions at the same time.
        n_sweep_workers: trials of the optimizer evaluated at the same time.
        redis_command: command of the embedded Redis; empty when an outside one is used.
    """

    python: str
    manage: str
    port: int
    n_desk_workers: int
    n_sweep_workers: int
    redis_command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProcessState:
    """What the supervisor knows of one child.

    Attributes:
        name: as in ``Program``.
        state: the supervisor's word, such as RUNNING or FATAL.
        pid: 0 while there is no process.
        up_s: seconds since the process was started, 0 while there is none.
        description: why it is not running, or for how long it has been.
    """

    name: str
    state: str
    pid: int
    up_s: int
    description: str

    @property
    def is_alive(self) -> bool:
        """True while there is a process."""
        return self.state in {"STARTING", "RUNNING"}


def desk_programs(plan: DeskPlan) -> tuple[Program, ...]:
    """Return every process of the desk, first to start first."""
    store = (Program("redis", Group.STORE, plan.redis_command),) if plan.redis_command else ()
    return (
        *store,
        Program("web", Group.WEB, _web_command(plan)),
        *(
            Program(f"worker-{queue}", Group.WORKERS, _worker_command(plan, queue))
            for queue in QUEUES
        ),
        Program("beat", Group.SOURCES, _beat_command(plan)),
        Program("stream", Group.SOURCES, (plan.python, plan.manage, "stream")),
    )


def _web_command(plan: DeskPlan) -> tuple[str, ...]:
    return (
        *(plan.python, "-m", "uvicorn", "config.asgi:application"),
        *("--host", "127.0.0.1", "--port", str(plan.port)),
        *("--lifespan", "off", "--no-access-log", "--no-server-header", "--log-level", "warning"),
        *("--timeout-graceful-shutdown", "5", "--ws-max-size", "65536"),
        "--no-proxy-headers",  # a header makes nobody a proxy; see config.client_address
    )


def _worker_command(plan: DeskPlan, queue: str) -> tuple[str, ...]:
    # Sessions need processes of their own. Training, studies and trials start children themselves,
    # which a prefork child may not; their threads only wait. Short tasks share one process.
    pool, size = {
        "desk": ("prefork", plan.n_desk_workers),
        "ml": ("threads", 1),
        # A study has a place of its own, or it would wait for trials that wait for its place.
        "sweeps": ("threads", STUDIES_AT_ONCE + plan.n_sweep_workers),
        "default": ("threads", 4),
    }[queue]
    return (
        *(plan.python, "-m", "celery", "-A", "config", "worker", "-Q", queue, "-n", f"{queue}@%h"),
        *("--pool", pool, "--concurrency", str(size), "--loglevel", "info"),
        *("--without-gossip", "--without-mingle"),
    )


def _beat_command(plan: DeskPlan) -> tuple[str, ...]:
    return (
        *(plan.python, "-m", "celery", "-A", "config", "beat"),
        *("--loglevel", "info", "--pidfile", ""),
    )


def supervisor_config(programs: Sequence[Program], *, user: str) -> str:
    """Return the configuration text of supervisord; every path in it is a variable.

    Its file has no way to write a ``;`` or ``#`` after a blank, and expands some values twice. A
    variable may hold anything; see ``supervisor_environ``.

    Args:
        programs: what to keep alive.
        user: name to run as; empty leaves the caller's.
    """
    groups = [
        _section(f"group:{group}", programs=",".join(names), priority=str(priority))
        for priority, group in enumerate(Group, start=1)
        if (names := [program.name for program in programs if program.group is group])
    ]
    return "\n".join(
        (_keeper_sections(user), *(_program_section(program) for program in programs), *groups)
    )


def supervisor_environ(
    programs: Sequence[Program],
    *,
    run_dir: str,
    log_dir: str,
    socket: str,
    launcher: Sequence[str],
) -> dict[str, str]:
    """Return the variables that the configuration names.

    Args:
        programs: what to keep alive.
        run_dir: folder of the pid file, and working data of the supervisor itself.
        log_dir: one ``<name>.log`` per program, rotated at 10 MB.
        socket: path of the Unix socket the supervisor answers on.
        launcher: words put before every command (ties a child's life to the supervisor's).
    """
    commands = {
        _command_variable(program): shlex.join((*launcher, *program.command))
        for program in programs
    }
    return {
        "DESK_RUN": run_dir,
        "DESK_LOGS": log_dir,
        "DESK_LOGS_TWICE": log_dir.replace("%", "%%"),  # log files of programs are expanded twice
        "DESK_SOCKET": socket,
        **commands,
    }


def _command_variable(program: Program) -> str:
    return f"DESK_COMMAND_{program.name.upper().replace('-', '_')}"


def _keeper_sections(user: str) -> str:
    sections = (
        _section(
            "supervisord",
            nodaemon="true",
            silent="true",
            pidfile="%(ENV_DESK_RUN)s/supervisord.pid",
            logfile="%(ENV_DESK_LOGS)s/supervisord.log",
            logfile_maxbytes="10MB",
            logfile_backups="2",
            childlogdir="%(ENV_DESK_LOGS)s",
            identifier="guardian",
            **({"user": user} if user else {}),
        ),
        _section("unix_http_server", file="%(ENV_DESK_SOCKET)s", chmod="0700"),
        _section(
            "rpcinterface:supervisor",
            **{"supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"},
        ),
    )
    return "\n".join(sections)


def _program_section(program: Program) -> str:
    return _section(
        f"program:{program.name}",
        command=f"%(ENV_{_command_variable(program)})s",
        autostart="true",
        autorestart="true",
        startsecs=str(SETTLED_S),
        startretries=str(START_TRIES),
        stopsignal="TERM",
        stopwaitsecs=str(STOP_WAIT_S),
        killasgroup="true",
        redirect_stderr="true",
        stdout_logfile=f"%(ENV_DESK_LOGS_TWICE)s/{program.name}.log",
        stdout_logfile_maxbytes="10MB",
        stdout_logfile_backups="3",
    )


def _section(title: str, **values: str) -> str:
    return "\n".join([f"[{title}]", *(f"{key} = {value}" for key, value in values.items())]) + "\n"
