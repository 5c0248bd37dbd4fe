"""Build the guardian's adapters from the settings; the only place that does."""

from __future__ import annotations

import getpass
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings

from guardian.adapters.desk_files import DeskFiles, files_make
from guardian.adapters.desk_lock import DeskLock
from guardian.adapters.embedded_redis import redis_prepare
from guardian.adapters.keeper_process import KeeperProcess
from guardian.adapters.left_behind import left_behind
from guardian.adapters.probes import DeskProbes
from guardian.adapters.queue_lengths import queue_lengths
from guardian.adapters.redis_ping import redis_answers, redis_refusal
from guardian.adapters.supervisord import Supervisord
from guardian.domain.advisories import Advisory
from guardian.domain.environment import environment_of_desk
from guardian.domain.processes import (
    STOP_WAIT_S,
    DeskPlan,
    Program,
    desk_programs,
    supervisor_config,
    supervisor_environ,
)
from guardian.selectors.advisories import advisory_list
from guardian.selectors.desk_status import desk_status
from guardian.selectors.health import Health, health_get
from guardian.selectors.logins import login_locks
from guardian.selectors.processes import process_list
from guardian.services.desk_run import DRAINED_WITHIN_S, Desk
from guardian.services.schedules import setup_schedules
from optimizer.adapters.workers.room import cores_granted
from trading.base.bootstrap import system_clock
from trading.base.domain.errors import BadInputError, TradingError
from trading.desk.bootstrap import desk_config, open_default_desk
from trading.desk.models import DeskSession
from trading.desk.selectors.feeds import feed_list
from trading.desk.selectors.health import session_list
from trading.market.domain.feed_kind import FeedKind

SWEEPS_CPU_FRACTION = 0.9  # of the cores; the desk goes on beside a study
LEFT_WITHIN_S = STOP_WAIT_S + 15.0  # processes whose supervisor was killed end within this time
# Ties a process to the life of whoever starts it.
METRICS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
LAUNCHER = (sys.executable, "-S", "-m", "guardian.adapters.parent_bond")


@dataclass(frozen=True, slots=True)
class PreparedDesk:
    """Everything written and known before the first process starts."""

    programs: tuple[Program, ...]
    config: Path
    environ: Mapping[str, str]
    probes: DeskProbes


def desk_health() -> Health:
    """Return whether database and Redis answer now."""
    ping = partial(redis_answers, settings.REDIS_URL) if settings.REDIS_URL else None
    return health_get(redis_ping=ping)


def desk_advisories(health: Health) -> tuple[Advisory, ...]:
    """Return every open condition, worst first; without a database only what it says itself."""
    if health.db != "ok":
        return advisory_list(health, (), ())
    now = system_clock().now()
    sessions = session_list(now)
    return advisory_list(health, sessions, feed_list(now, sessions), login_locks(now))


def desk_files() -> DeskFiles:
    """Return the folders, made if missing, closed to other users."""
    return files_make(Path(settings.DATA_DIR))


def desk_supervisor() -> Supervisord:
    """Return the way to speak with this data folder's supervisor."""
    return Supervisord(desk_files().supervisor_socket)


def schedules_fill() -> list[str]:
    """Add the default schedules that are missing; return their names."""
    return setup_schedules(entries=settings.BEAT_SCHEDULES)


def market_open(*, demo: bool | None) -> list[DeskSession]:
    """Open the default sessions unless some are wanted already; return all wanted.

    Args:
        demo: True opens the simulated market, False never does, None lets the configuration
            and the stored candles decide.

    Raises:
        BadInputError: the market cannot be opened; with ``demo=False`` also when nothing real
            is there to follow.
    """
    if demo is None:
        return open_default_desk()
    if demo:
        return open_default_desk(FeedKind.SIMULATED)
    market = desk_config().market
    has_venue = market.feed is FeedKind.CCXT or bool(market.venue.id)
    return open_default_desk(FeedKind.CCXT if has_venue else FeedKind.REPLAY)


def desk_lock(files: DeskFiles, *, say: Callable[[str], None]) -> DeskLock:
    """Return the lock of this data folder; an earlier desk that lost its ``up`` is waited for.

    Raises:
        BadInputError: another ``up`` holds the lock, or the earlier desk does not end.
    """
    lock = DeskLock(files.run / "up.lock")
    supervisor = Supervisord(files.supervisor_socket)
    mark = f"{METRICS_VARIABLE}={files.metrics}"

    def has_ended() -> bool:
        return not supervisor.is_answering() and not left_behind(mark)

    if has_ended():
        return lock
    say("waiting for the desk that was here before to end")
    supervisor.shut_down()
    if not (_waited(has_ended, DRAINED_WITHIN_S if supervisor.is_answering() else LEFT_WITHIN_S)):
        lock.release()
        pids = " ".join(str(pid) for pid in left_behind(mark))
        raise BadInputError(f"the desk that was here before does not end; kill -9 {pids} ends it")
    return lock


def _waited(is_done: Callable[[], bool], within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while not is_done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)  # noqa: TID251 - before there is a desk with a clock
    return True


def redis_check() -> None:
    """Return when the Redis that was named can be used, or none was named.

    Raises:
        RedisRefusedError: it cannot; the message says which, and why.
    """
    outside = _outside_redis()
    why = redis_refusal(outside) if outside else ""
    if why:
        raise RedisRefusedError(
            f"Redis at {_without_password(outside)} cannot be used ({why}); start it, or unset "
            "REDIS_URL to use the embedded one"
        )


class RedisRefusedError(TradingError):
    """The Redis named by ``REDIS_URL`` cannot be used."""

    code = "redis_refused"


def _without_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def desk_start(
    *,
    files: DeskFiles,
    port: int,
    n_desk_workers: int,
    pause: Callable[[float], bool],
    say: Callable[[str], None],
) -> Desk:
    """Write all configuration, start the supervisor and return the desk, not yet healthy."""
    prepared = desk_prepare(files=files, port=port, n_desk_workers=n_desk_workers)
    keeper = KeeperProcess(
        launcher=LAUNCHER,
        config=prepared.config,
        base_dir=settings.BASE_DIR,
        environ=prepared.environ,
        log=files.logs / "supervisord.out",
    )
    return Desk(
        programs=prepared.programs,
        supervisor=Supervisord(files.supervisor_socket),
        keeper=keeper,
        probes=prepared.probes,
        clock=system_clock(),
        pause=pause,
        say=say,
        log_dir=str(files.logs),
    )


def desk_prepare(*, files: DeskFiles, port: int, n_desk_workers: int) -> PreparedDesk:
    """Write the configuration of every process and return what to start."""
    outside = _outside_redis()
    redis_url = outside
    command: tuple[str, ...] = ()
    if not outside:
        command, record = redis_prepare(
            data_dir=files.data, run_dir=files.run, socket=files.redis_socket
        )
        redis_url = record.url
    plan = DeskPlan(
        python=sys.executable,
        manage=str(settings.BASE_DIR / "manage.py"),
        port=port,
        n_desk_workers=n_desk_workers,
        n_sweep_workers=max(1, int(cores_granted() * SWEEPS_CPU_FRACTION)),
        redis_command=command,
    )
    programs = desk_programs(plan)
    config = files.run / "supervisord.conf"
    user = getpass.getuser() if os.getuid() == 0 else ""
    config.write_text(supervisor_config(programs, user=user), encoding="utf-8")
    environ = _child_environ(files, redis_url) | supervisor_environ(
        programs,
        run_dir=str(files.run),
        log_dir=str(files.logs),
        socket=files.supervisor_socket,
        launcher=LAUNCHER,
    )
    probes = DeskProbes(
        health_url=f"http://127.0.0.1:{port}/healthz",
        redis_url=redis_url,
        broker_url=settings.BROKER_URL_OF(redis_url),
        transport_options=settings.CELERY_BROKER_TRANSPORT_OPTIONS,
    )
    return PreparedDesk(programs, config, environ, probes)


def _outside_redis() -> str:
    return str(settings.REDIS_URL) if settings.IS_REDIS_OUTSIDE else ""


def _child_environ(files: DeskFiles, redis_url: str) -> dict[str, str]:
    secret = files.run / "redis_url"
    descriptor = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(redis_url)
    files.metrics.mkdir(exist_ok=True)
    for old in files.metrics.glob("*.db"):
        old.unlink()
    return environment_of_desk(os.environ) | {
        "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE,
        "GUARDIAN_DATA_DIR": str(files.data),
        "REDIS_URL_FILE": str(secret),
        METRICS_VARIABLE: str(files.metrics),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",  # names of files are what they are, whatever LANG says
        # The checks load every page into every worker; the gates run them instead.
        "CELERY_SKIP_CHECKS": "1",
        # Many small processes share few cores: one thread each, and few heaps.
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
        "OPENBLAS_NUM_THREADS": os.environ.get("OPENBLAS_NUM_THREADS", "1"),
        "MALLOC_ARENA_MAX": os.environ.get("MALLOC_ARENA_MAX", "2"),
    }


def status_get() -> dict[str, Any]:
    """Return one look at the whole desk."""
    url = settings.REDIS_URL
    names = [queue.name for queue in settings.CELERY_TASK_QUEUES]
    prefix = str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"])
    supervisor = desk_supervisor()
    return desk_status(
        now=system_clock().now(),
        health=desk_health(),
        queues=queue_lengths(url, names, prefix=prefix) if url else dict.fromkeys(names),
        processes=process_list(supervisor=supervisor) if supervisor.is_answering() else (),
    )
