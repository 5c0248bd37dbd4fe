"""``up``: the whole desk in the foreground, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import signal
import sys
import threading
import time
from argparse import BooleanOptionalAction
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandParser
from django.db import connection

from guardian import bootstrap
from guardian.adapters.ports_open import port_check
from guardian.adapters.redis_record import record_remove
from guardian.services.accounts import operator_ensure
from guardian.services.desk_run import Desk, desk_drain, desk_wait, desk_watch
from trading.base.domain.errors import BadInputError
from trading.base.domain.numbers import whole_number
from trading.base.management.desk_command import DeskCommand
from trading.base.services.database_standing import Standing, database_prepare, database_standing
from trading.base.services.database_trouble import standing_check

DEFAULT_PORT, DEFAULT_WORKERS, MOST_WORKERS = 8000, 2, 64


class Command(DeskCommand):
    """Prepare, start, wait until healthy, tell where; then watch until told to stop."""

    help = (
        "Migrate, start web, workers, beat and stream, wait until healthy, print the address and "
        "(once) the operator's login. Keeps everything alive until Ctrl-C or SIGTERM."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--port",
            type=whole_number,
            default=DEFAULT_PORT,
            help=f"TCP port of the web server on 127.0.0.1 (default {DEFAULT_PORT})",
        )
        parser.add_argument(
            "--demo",
            action=BooleanOptionalAction,
            default=None,
            help="Open the simulated market, or never open it (default: when neither a venue is "
            "configured nor candles are stored)",
        )
        parser.add_argument(
            "--workers",
            type=whole_number,
            default=DEFAULT_WORKERS,
            help=f"Processes that may run sessions at the same time (default {DEFAULT_WORKERS})",
        )
        self.add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the answer once the desk is healthy, then stay."""
        self._stop_asked = threading.Event()
        self._started: list[Desk] = []
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        with ExitStack() as self._cleanup:
            super().handle(*args, **options)
            self.stdout.flush()
            for desk in self._started:
                if not desk_watch(desk):
                    self.stderr.write(f"the supervisor ended by itself; see {desk.log_dir}")
                    sys.exit(1)

    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Bring the desk up; return where it is and who may log in."""
        signal.signal(signal.SIGTERM, self._ask_to_stop)
        if not 1 <= options["workers"] <= MOST_WORKERS:
            raise BadInputError(f"--workers was {options['workers']}; expected 1 to {MOST_WORKERS}")
        files = bootstrap.desk_files()
        self._cleanup.callback(bootstrap.desk_lock(files, say=self._say).release)
        port_check(options["port"])
        bootstrap.redis_check()
        self._prepare(options["demo"])
        self._say(f"starting processes; logs are in {files.logs}")
        self._cleanup.callback(record_remove, files.data)
        desk = bootstrap.desk_start(
            files=files,
            port=options["port"],
            n_desk_workers=options["workers"],
            pause=self._stop_asked.wait,
            say=self._say,
        )
        self._cleanup.callback(self._drain, desk)
        if not desk_wait(desk):
            return {"stopped": "before the desk was healthy"}
        self._started.append(desk)
        return self._healthy(desk, f"http://127.0.0.1:{options['port']}/")

    def show(self, answer: dict[str, Any]) -> None:
        """Print address and login for a person."""
        if "url" not in answer:
            self.stdout.write(f"stopped {answer['stopped']}")
            return
        self.stdout.write(f"\nThe desk is up: {answer['url']}")
        if "login" in answer:
            login = answer["login"]
            self.stdout.write(
                f"Log in as {login['username']} with the password {login['password']}"
            )
            self.stdout.write(
                "It is shown this once; change it with: manage.py changepassword "
                f"{login['username']}"
            )
        self.stdout.write("Ctrl-C stops it.\n")

    def _prepare(self, demo: bool | None) -> None:
        self._say(f"database: {settings.DATABASES['default']['ENGINE'].rpartition('.')[2]}")
        if database_standing() not in {Standing.READY, Standing.FRESH, Standing.OLDER}:
            standing_check()
        database_prepare()
        if settings.STATIC_ROOT:
            call_command("collectstatic", interactive=False, verbosity=0)
        for name in bootstrap.schedules_fill():
            self._say(f"schedule added: {name}")
        try:
            sessions = bootstrap.market_open(demo=demo)
        except BadInputError as error:
            if demo is not False:
                raise
            self._say(f"no session opened: {error}")
            sessions = []
        for session in sessions:
            self._say(f"session {session.pk} on {session.feed.name}: {', '.join(session.pairs)}")
        connection.close()

    def _healthy(self, desk: Desk, url: str) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "url": url,
            "processes": [
                {"name": state.name, "state": state.state.lower(), "pid": state.pid}
                for state in desk.supervisor.states()
            ],
        }
        login = operator_ensure()
        if login is not None:
            answer["login"] = {"username": login.username, "password": login.password}
        return answer

    def _drain(self, desk: Desk) -> None:
        self._say("stopping: what was done is kept")
        if not desk_drain(desk, sleep=time.sleep):  # noqa: TID251 - handed to the service
            self._say("some processes had to be killed; the next start recovers")

    def _say(self, line: str) -> None:
        # a desk whose terminal is gone, or whose lines nobody reads, still drains in good order
        with suppress(OSError):
            self.stderr.write(line)

    def _ask_to_stop(self, _number: int, _frame: Any) -> None:
        self._stop_asked.set()
