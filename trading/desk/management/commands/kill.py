"""``kill``: refuse everything but cancels at once; with ``--flatten`` sell what is held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.core.management.base import CommandParser

from trading.base import bootstrap
from trading.base.domain.errors import BadInputError
from trading.base.domain.numbers import real_number
from trading.base.domain.reasons import TradingState
from trading.base.management.desk_command import DeskCommand, Needs, person_name
from trading.desk.models import TradingControl
from trading.desk.services.control.orders import Act, order_give, order_preview

PATIENCE_S: Final = 120


class Command(DeskCommand):
    """The kill switch."""

    help = "Halt a scope at once: working entries are taken back, stops stay, no new orders."
    act = Act.KILL

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare scope, name, flatten and reason."""
        scopes = ", ".join(TradingControl.Scope.values)
        parser.add_argument(
            "--scope",
            nargs="+",
            default=["desk"],
            metavar=("SCOPE", "NAME"),
            help=f"{scopes}; all but desk (the default) with a name",
        )
        parser.add_argument("--reason", default="by command", help="Kept with the order")
        if self.act is Act.KILL:
            parser.add_argument(
                "--flatten", action="store_true", help="Also sell open positions at market"
            )
            parser.add_argument(
                "--patience",
                default=str(PATIENCE_S),
                metavar="SECONDS",
                help="How long to keep trying while the database is locked or away "
                f"(default {PATIENCE_S})",
            )
        self.add_json(parser)

    def needs(self, options: Mapping[str, Any]) -> Needs:
        """Refuse where there is no desk: an order that reaches nobody must not look obeyed."""
        return Needs.DESK

    def patience_s(self, options: Mapping[str, Any]) -> float:
        """Keep trying: whoever pulls the switch must not have to pull it again."""
        text = options.get("patience", "0")
        try:
            return real_number(text)
        except ValueError:
            raise BadInputError(f"--patience was {text!r}; expected seconds") from None

    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Give the order and say what it does."""
        scope, name = options["scope"][0], " ".join(options["scope"][1:])
        preview = order_preview(scope=scope, name=name)  # before sessions obey
        row = order_give(
            act=self.act,
            scope=scope,
            name=name,
            flatten=bool(options.get("flatten")),
            reason=options["reason"],
            actor=person_name(),
            clock=bootstrap.system_clock(),
        )
        answer: dict[str, Any] = {
            "scope": scope,
            "name": name,
            "trading_state": TradingState(row.state).name.lower(),
            "bots": preview.n_bots,
        }
        if self.act is Act.KILL:
            answer |= {
                "open_orders_cancelled": preview.n_open_orders,
                "positions_sold" if row.flatten else "positions_kept": len(preview.positions),
            }
        return answer
