#!/usr/bin/env python3
"""Run one management command; a mistake in the environment is one line and exit code 2."""

from __future__ import annotations

import io
import os
import sys

from trading.base.domain.errors import BadInputError, ConfigError, TradingError


def main() -> None:
    """Hand the command line to Django; turn errors meant for a person into one line."""
    _forget_foreign_packages()
    for stream in (sys.stdout, sys.stderr):  # a terminal of another alphabet ends no command
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        # here, because spawned workers import this file and want nothing of Django
        from config.commands import Utility

        Utility(sys.argv).execute()
    except (BadInputError, ConfigError) as error:
        sys.exit(_report(error, 2))
    except TradingError as error:
        sys.exit(_report(error, 1))
    except Exception as error:
        trouble = _database_trouble(error)
        if trouble is None or "--traceback" in sys.argv:
            raise
        sys.exit(_report(trouble, 1))


def _forget_foreign_packages() -> None:
    """Leave out what ``PYTHONPATH`` puts before the packages installed for this project."""
    parts = os.environ.pop("PYTHONPATH", "").split(os.pathsep)
    named = {os.path.abspath(part) for part in parts if part}
    # the first entry is this file's folder, whoever names it too
    sys.path[1:] = [part for part in sys.path[1:] if os.path.abspath(part) not in named]


def _database_trouble(error: Exception) -> Exception | None:
    """Return what a database error means; None for every other error."""
    from django.db import Error

    if not isinstance(error, Error):
        return None
    from trading.base.services.database_trouble import database_trouble

    return database_trouble(error)


def _report(error: Exception, code: int) -> int:
    print(f"{sys.argv[1] if len(sys.argv) > 1 else 'manage.py'}: {error}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
