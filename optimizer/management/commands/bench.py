"""``bench``: the project's own benchmarks, always beside a named peer or limit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from optimizer import bootstrap
from trading.domain.errors import BadInputError
from trading.management.desk_command import DeskCommand

NAMES = ("evaluator",)


class Command(DeskCommand):
    """Run benchmarks."""

    help = "Measure the project beside named peers and limits."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "name", nargs="?", default="all", help=f"{', '.join(NAMES)} or all (default)"
        )
        parser.add_argument(
            "--candles-file",
            type=Path,
            metavar="F",
            help="Real candles beside the synthetic ones; default the stored pulsex PDAI/DAI 5m",
        )
        parser.add_argument(
            "--swap-costs",
            type=Path,
            metavar="F",
            help="Their swap-cost cache; default the one in the data folder",
        )
        parser.add_argument("--seed", default="7", help="Seed of parameters and bars (default 7)")
        parser.add_argument(
            "--no-peers",
            action="store_true",
            help="Leave vectorbt, backtesting.py and the plain loop out (no installation)",
        )
        self.add_json(parser)

    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Run the benchmark asked for."""
        if options["name"] not in (*NAMES, "all"):
            raise BadInputError(
                f"bench was {options['name']!r}; expected {', '.join(NAMES)} or all"
            )
        if not options["seed"].isdigit():
            raise BadInputError(f"seed was {options['seed']!r}; expected a whole number")
        return bootstrap.evaluator_bench_run(
            candles=options["candles_file"],
            swap_costs=options["swap_costs"],
            seed=int(options["seed"]),
            has_peers=not options["no_peers"],
            say=lambda text: self.stderr.write(f"bench: {text}"),
        )

    def show(self, answer: dict[str, Any]) -> None:
        """Print one table per data set and one per rule."""
        for label in ("file", "synthetic"):
            part = answer[label]
            if part is None:
                self.stdout.write("no real candles: import pulsex PDAI/DAI or give --candles-file")
                continue
            self.stdout.write(f"{label}, {part['bars']:,} bars: evaluations per CPU second")
            for name, rate in part["evaluations_per_second"].items():
                self.stdout.write(f"  {name:32} {rate:>10,.0f}")
            self.stdout.write(f"  {'median':32} {part['median']:>10,.0f}")
        for rule, row in answer["rules"].items():
            self.stdout.write(
                f"{rule}: ours {row['ours']:,.0f}/s, by hand {row['hand_written']:,.0f}/s "
                f"({row['behind_hand_written']} times)"
            )
            for peer, figures in row.get("peers", {}).items():
                shown = figures.get("reason") or (
                    f"{figures['evaluations_per_second']:,.2f}/s, "
                    f"{figures['times_faster']:,.0f} times slower"
                )
                self.stdout.write(f"  {peer:20} {shown}")
        for name, is_met in answer["targets"].items():
            word = {True: "met", False: "missed", None: "not measured"}[is_met]
            self.stdout.write(f"{name}: {word}")
