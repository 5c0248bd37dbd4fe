#!/usr/bin/env python3
"""Run one management command; a mistake in the environment is one line and exit code 2."""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches

from django.core.management import ManagementUtility, get_commands
from django.core.management.base import BaseCommand

from trading.domain.errors import BadInputError, ConfigError, TradingError


class Utility(ManagementUtility):
    """Django's own, but for how it refuses a name it does not know."""

    def fetch_command(self, subcommand: str) -> BaseCommand:
        """Return the command.

        Raises:
            BadInputError: there is none of this name.
        """
        known = get_commands()
        if subcommand not in known:
            near = get_close_matches(subcommand, known, 1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise BadInputError(f"there is no command {subcommand!r}; {hint}see: manage.py help")
        return super().fetch_command(subcommand)


def main() -> None:
    """Hand the command line to Django; turn errors meant for a person into one line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    try:
        Utility(sys.argv).execute()
    except (BadInputError, ConfigError) as error:
        sys.exit(_report(error, 2))
    except TradingError as error:
        sys.exit(_report(error, 1))


def _report(error: Exception, code: int) -> int:
    print(f"{sys.argv[1] if len(sys.argv) > 1 else 'manage.py'}: {error}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
