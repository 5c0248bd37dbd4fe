"""Django's commands, but for how a name it does not know is refused."""

from __future__ import annotations

from difflib import get_close_matches

from django.core.management import ManagementUtility, get_commands
from django.core.management.base import BaseCommand

from trading.base.domain.errors import BadInputError


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
