"""``explain``: why a bot did or did not trade on one bar, gate by gate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandParser

from trading.base.domain.errors import BadInputError
from trading.base.domain.numbers import whole_number
from trading.base.management.desk_command import DeskCommand, Needs
from trading.desk.services.journal.explain import decision_explain
from trading.market.domain.instruments import Pair


class Command(DeskCommand):
    """Print the decision records of one bar."""

    help = "Say why a pair's bots did or did not trade on one bar: every gate, value and limit."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare pair, time and bot."""
        parser.add_argument("--pair", required=True, help="BASE/QUOTE")
        parser.add_argument(
            "--at", required=True, help="A time within the bar, ISO-8601, UTC if unsaid"
        )
        parser.add_argument(
            "--bot", default="", help="Strategy name; default: the one that said most"
        )
        parser.add_argument(
            "--session", type=whole_number, help="Number of the session; default: the newest"
        )
        self.add_json(parser)

    def needs(self, options: Mapping[str, Any]) -> Needs:
        """Speak of decisions only where there can be some."""
        return Needs.DESK

    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the record as JSON."""
        try:
            moment = datetime.fromisoformat(options["at"])
        except ValueError:
            raise BadInputError(
                f"--at was {options['at']!r}; expected a time such as 2025-05-01T12:00"
            ) from None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return decision_explain(
            pair=str(Pair.parse(options["pair"])),
            at_ms=int(moment.timestamp() * 1000),
            strategy=options["bot"],
            session_id=options["session"],
        )

    def show(self, answer: dict[str, Any]) -> None:
        """Print a sentence and a table of gates."""
        self.stdout.write(
            f"{answer['pair']} {answer['bot']} at {answer['bar_open']:%Y-%m-%d %H:%M} UTC: "
            f"{answer['outcome']} ({answer['text']})"
        )
        for gate in answer["gates"]:
            mark = "pass" if gate["passed"] else "FAIL"
            self.stdout.write(
                f"  {mark}  {gate['title']:38} observed {gate['observed']!s:>14}  "
                f"limit {gate['limit']!s:>14}  {gate['unit']}"
            )
