"""``status``: one look at the whole desk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from guardian import bootstrap
from trading.base.management.desk_command import DeskCommand, Needs
from trading.base.selectors.figures import amount_typed


class Command(DeskCommand):
    """Print what runs, what it may do, how old its data is and what it earned."""

    help = "One look at the whole desk: sessions, bots, feeds, queues, savings, trading state."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare ``--json``."""
        self.add_json(parser)

    def needs(self, options: Mapping[str, Any]) -> Needs:
        """Speak of a desk only where there is one."""
        return Needs.DESK

    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the whole state."""
        return bootstrap.status_get()

    def show(self, answer: dict[str, Any]) -> None:
        """Print the lines an operator reads first."""
        write = self.stdout.write
        write(
            f"trading {answer['trading_state']}, degradation level {answer['degradation_level']}, "
            f"database {answer['database']}, redis {answer['redis']}"
        )
        for row in answer["advisories"]:
            write(f"level {row['level']}: {row['text']} {row['action']}")
        for row in answer["sessions"]:
            reason = f" ({row['status_reason']})" if row["status_reason"] else ""
            write(
                f"session {row['id']} {row['mode']} {row['status']}{reason}: "
                f"{', '.join(row['pairs'])}, {row['decisions']} decisions"
            )
        for row in answer["feeds"]:
            age = "no bar yet" if row["age_s"] is None else f"{row['age_s']:.1f} s old"
            label = ", SIMULATED" if row["is_simulated"] else ""
            write(f"feed {row['name']} {row['status']}, {age}{label}")
            for pair in row["pairs"]:
                write(f"  {_pair_line(pair)}")
        for money in answer["bots"]["money"]:
            equity, gain = (
                amount_typed(money[k], money["quote"]) for k in ("equity", "realised_pnl")
            )
            write(f"bots: equity {equity}, realised {gain}, {money['round_trips']} round trips")
        savings = answer["savings"]
        kept = [amount_typed(amount, quote) for quote, amount in savings["reserved"].items()]
        write(
            f"savings: {savings['accepted']} accepted ({', '.join(kept) or 'nothing set aside'}), "
            f"{sum(savings['skipped'].values())} skipped {savings['skipped'] or ''}"
        )
        for row in answer["processes"]:
            write(f"process {row['name']} {row['state']} {row['pid'] or ''}")


def _pair_line(pair: Mapping[str, Any]) -> str:
    """Return how one pair is followed; counts that are 0 are left out."""
    age = f"{pair['counts']['bars']} bars"
    if pair["age_s"] is not None:
        age = f"last bar closed {pair['age_s']:.0f} s ago"
    said = [f"{n} {name}" for name, n in pair["counts"].items() if n and name != "bars"]
    reason = f" ({pair['reason']})" if pair["reason"] else ""
    return f"{pair['pair']}: {', '.join([pair['state'].replace('_', ' '), age, *said])}{reason}"
