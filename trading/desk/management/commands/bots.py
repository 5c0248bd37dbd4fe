"""``bots list|remove|rearm``: every bot of the desk, one taken away, one let enter again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.core.management.base import CommandParser

from trading.base import bootstrap as base
from trading.base.management.desk_command import DeskCommand, Needs, person_name
from trading.base.selectors.figures import amount_typed
from trading.desk import bootstrap as desk
from trading.desk.selectors.bots import bot_list
from trading.desk.services.bots.installing import bot_remove
from trading.desk.services.control.rearm import bot_rearm
from trading.desk.services.sessions.opening import sessions_active

_COLUMNS: Final = (
    "name", "pair", "strategy", "session", "quote", "equity", "return_pct", "round_trips",
)  # fmt: skip


class Command(DeskCommand):
    """List bots, remove installed ones, re-arm those that their drawdown stopped."""

    help = "List the desk's bots, remove an installed one, re-arm one its drawdown stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the actions."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        listing = actions.add_parser("list", help="Bots of running sessions, and installed ones")
        remove = actions.add_parser("remove", help="Take an installed bot back; its session stops")
        remove.add_argument("name", help="Name it was installed under")
        remove.add_argument("--reason", required=True, help="Why; kept with the new revision")
        rearm = actions.add_parser(
            "rearm",
            help="Let the drawdown of a stopped bot count from its equity now: it may enter again",
        )
        rearm.add_argument(
            "name", nargs="+", metavar="BOT",
            help="Its pair and strategy, as BTC/USDT momentum, or the name it was installed under",
        )  # fmt: skip
        rearm.add_argument("--reason", required=True, help="Why; kept with the order")
        self.add_json(listing, remove, rearm)

    def needs(self, options: Mapping[str, Any]) -> Needs:
        """Speak of bots only where there can be some."""
        return Needs.DESK

    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Run the action that was asked for."""
        actions: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "list": self._list,
            "remove": self._remove,
            "rearm": self._rearm,
        }
        return actions[options["action"]](options)

    def show(self, answer: dict[str, Any]) -> None:
        """Print one line a bot; what was done to one is said as every command says it."""
        if "rearmed" in answer or "removed" in answer:
            super().show(answer)
            return
        for bot in answer["bots"]:
            where = f"session {bot['session']}" if bot["session"] else "no session"
            money = (
                f", equity {amount_typed(bot['equity'], bot['quote'])}" if bot["session"] else ""
            )
            trips = f", {bot['round_trips']} round trips" if bot["session"] else ""
            name = f"{bot['name']}: " if bot["name"] else ""
            self.stdout.write(f"{name}{bot['pair']} {bot['strategy']}, {where}{money}{trips}")
        if not answer["bots"]:
            self.stdout.write("no bots; start a market with: manage.py desk start")

    def _list(self, _options: Mapping[str, Any]) -> dict[str, Any]:
        running = bot_list([session.pk for session in sessions_active()])
        rows: list[dict[str, Any]] = [
            {
                "name": bot.name,
                "pair": bot.pair,
                "strategy": bot.strategy,
                "session": bot.session_id,
                "quote": bot.quote,
                "equity": bot.equity,
                "return_pct": round(bot.return_pct, 4),
                "round_trips": bot.n_round_trips,
            }
            for bot in running
        ]
        known = {bot.name for bot in running}
        for name, bot in sorted(desk.desk_config().bots.installed.items()):
            if name not in known:
                idle = {"name": name, "pair": bot.pair, "strategy": bot.strategy}
                rows.append(dict.fromkeys(_COLUMNS) | idle)
        return {"bots": rows}

    def _remove(self, options: Mapping[str, Any]) -> dict[str, Any]:
        revision = bot_remove(
            name=options["name"],
            author=person_name(),
            reason=options["reason"],
            clock=base.system_clock(),
        )
        return {"removed": options["name"], "revision": revision}

    def _rearm(self, options: Mapping[str, Any]) -> dict[str, Any]:
        name = " ".join(options["name"])
        rows = bot_rearm(
            name=name,
            reason=options["reason"],
            actor=person_name(),
            clock=base.system_clock(),
        )
        return {
            "rearmed": name,
            "bots": len(rows),
            "drawdown_pct": round(max(row.drawdown_pct for row in rows), 4),
        }
