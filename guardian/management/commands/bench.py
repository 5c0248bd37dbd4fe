"""``bench``: the project's own benchmarks, always beside a named peer or limit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from guardian.management.bench_tables import core_lines, evaluator_lines, sweep_lines
from optimizer import bootstrap as optimizer
from optimizer.management.inputs import file_check
from optimizer.services.bench.sweep import SWEEP_ROUNDS, SweepPlan
from optimizer.services.studies.open.typed import whole
from trading.base.domain.errors import BadInputError, TradingError
from trading.base.management.desk_command import DeskCommand
from trading.desk import bootstrap as desk

NAMES = ("core", "evaluator", "sweep")


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
            help="Leave nautilus_trader, vectorbt, backtesting.py and the plain loop out "
            "(no installation)",
        )
        parser.add_argument(
            "--trials", default="20000", metavar="N", help="Of the sweep (default 20000)"
        )
        parser.add_argument(
            "--workers",
            default="2",
            metavar="N",
            help="Of the sweep, on as many cores, beside one on one (default 2)",
        )
        parser.add_argument(
            "--rounds",
            metavar="N",
            help="Of core and evaluator (default 5) and the sweep (default 3); medians count",
        )
        self.add_json(parser)

    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Run the benchmark asked for, or all of them."""
        name = options["name"]
        if name not in (*NAMES, "all"):
            raise BadInputError(f"bench was {name!r}; expected {', '.join(NAMES)} or all")
        seed = whole("seed", options["seed"])
        if seed < 0:
            raise BadInputError(f"seed was {seed}; expected 0 or more")
        file_check("candles file was", options["candles_file"])
        file_check("swap costs were", options["swap_costs"])
        rounds = None if options["rounds"] is None else _count("rounds", options["rounds"])
        plan = SweepPlan(
            n_trials=_count("trials", options["trials"]),
            n_workers=_count("workers", options["workers"]),
            n_rounds=rounds or SWEEP_ROUNDS,
            seed=seed,
        )
        if name != "all":
            return {"bench": name, **self._measure(name, plan, rounds, options)}
        parts = {each: self._measure_or_say(each, plan, rounds, options) for each in NAMES}
        lacking = [each for each, part in parts.items() if "error" in part]
        failed = {"error": "bench_failed", "message": f"not measured: {', '.join(lacking)}"}
        return {"bench": "all", **parts, **(failed if lacking else {})}

    def _measure_or_say(
        self, name: str, plan: SweepPlan, rounds: int | None, options: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Measure one of several; what keeps it from that must not cost what the others found."""
        try:
            return self._measure(name, plan, rounds, options)
        except TradingError as error:
            self._say(f"{name}: {error}")
            return {"error": error.code, "message": str(error)}

    def _measure(
        self, name: str, plan: SweepPlan, rounds: int | None, options: Mapping[str, Any]
    ) -> dict[str, Any]:
        has_peers = not options["no_peers"]
        if name == "core":
            return desk.core_bench_run(
                seed=plan.seed, has_peers=has_peers, rounds=rounds, say=self._say
            )
        shared = {
            "candles": options["candles_file"],
            "swap_costs": options["swap_costs"],
            "say": self._say,
        }
        if name == "sweep":
            return optimizer.sweep_bench_run(plan=plan, **shared)
        return optimizer.evaluator_bench_run(
            has_peers=has_peers, rounds=rounds, seed=plan.seed, **shared
        )

    def _say(self, text: str) -> None:
        self.stderr.write(f"bench: {text}")

    def show(self, answer: dict[str, Any]) -> None:
        """Print the tables of every benchmark that ran."""
        tables = {"core": core_lines, "evaluator": evaluator_lines, "sweep": sweep_lines}
        for name, lines in tables.items():
            part = answer if answer["bench"] == name else answer.get(name)
            if isinstance(part, dict) and "error" in part and part is not answer:
                self.stdout.write(f"{name}: not measured: {part['message']}")
            elif isinstance(part, dict):
                for line in lines(part):
                    self.stdout.write(line)


def _count(name: str, value: str) -> int:
    count = whole(name, value)
    if count < 1:
        raise BadInputError(f"{name} were {count}; expected 1 or more")
    return count
