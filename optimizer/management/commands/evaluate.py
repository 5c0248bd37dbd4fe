"""``evaluate``: one strategy, one parameter set, one window, with real swap costs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from optimizer import bootstrap
from optimizer.domain.evaluator.evaluator import Evaluator, Plan
from optimizer.domain.metrics import FillModel
from optimizer.domain.periods import window_parse
from optimizer.domain.systems import SYSTEMS, system_get
from optimizer.management.inputs import candles_add, candles_check
from optimizer.services.evaluations import evaluation_get, params_parse
from optimizer.services.studies.open.sources import file_origin
from optimizer.services.studies.open.typed import number, whole
from trading.domain.errors import BadInputError
from trading.domain.market.bars import BarArrays
from trading.management.desk_command import DeskCommand


class Command(DeskCommand):
    """Evaluate a strategy."""

    help = "Evaluate one strategy with one parameter set over one window of candles."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--strategy", required=True, metavar="S", help=f"One of {', '.join(SYSTEMS)}"
        )
        parser.add_argument(
            "--params",
            default="{}",
            metavar="JSON",
            help="Parameters as a JSON object of numbers, the rest stay at their defaults; so are "
            "overlays: regime_entry_days, regime_exit_days, risk_cap_pct, "
            "max_equity_drawdown_pct",
        )
        self._add_inputs(parser)
        parser.add_argument(
            "--trade-size", required=True, metavar="N", help="Cash at the start, quote currency"
        )
        self._add_choices(parser)
        self.add_json(parser)

    @staticmethod
    def _add_inputs(parser: CommandParser) -> None:
        candles_add(parser)
        parser.add_argument(
            "--swap-costs", type=Path, required=True, metavar="F", help="Swap-cost cache, JSON"
        )

    @staticmethod
    def _add_choices(parser: CommandParser) -> None:
        parser.add_argument(
            "--window", default="all", help="30d, 90d, 1y, any number of days, or all (default)"
        )
        parser.add_argument(
            "--fill",
            default=FillModel.NEXT_OPEN.value,
            help="A signal at a close fills at the next bar's open (next_open, the default) or "
            "close (next_close)",
        )
        parser.add_argument(
            "--warm-up-bars",
            default="0",
            metavar="N",
            help="Bars before the window that indicators may see (default 0, a cold start)",
        )

    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Evaluate and return everything about the run."""
        plan = _plan(options)
        params = params_parse(options["params"])
        costs, used = bootstrap.swap_costs_used(options["swap_costs"], _pair(options))
        bars, step_ms = _candles(options)
        evaluation = evaluation_get(
            evaluator=Evaluator(bars, step_ms=step_ms, costs=costs),
            strategy=system_get(options["strategy"]).name,
            params=params,
            plan=plan,
            clock=bootstrap.system_clock(),
        )
        for line in used.warnings:
            self.stderr.write(line)
        return evaluation.as_dict() | {"warnings": list(used.warnings)}

    def show(self, answer: dict[str, Any]) -> None:
        """Print the figures and the number of trades."""
        self.stdout.write(
            f"{answer['strategy']} over {answer['bars']:,} bars ({answer['window']}), "
            f"{answer['fill']}, from {answer['trade_size']:g}"
        )
        for name, value in (answer["metrics"] | answer["objectives"]).items():
            shown = "unbounded" if value is None else value
            self.stdout.write(f"  {name:34} {shown}")
        self.stdout.write(f"{len(answer['trades'])} trades in {answer['elapsed_s'] * 1e3:.2f} ms")


def _candles(options: Mapping[str, Any]) -> tuple[BarArrays, int]:
    candles_check(options)
    if options["candles_file"] is not None:
        return bootstrap.candles_file(options["candles_file"], options["timeframe"])
    return bootstrap.candles_stored(
        venue=options["venue"], pair=options["pair"], timeframe=options["timeframe"]
    )


def _pair(options: Mapping[str, Any]) -> str:
    """Return the pair of the candles as far as it is known."""
    file: Path | None = options["candles_file"]
    return str(options["pair"] or "") if file is None else file_origin(file).pair


def _plan(options: Mapping[str, Any]) -> Plan:
    fills = [fill.value for fill in FillModel]
    if options["fill"] not in fills:
        raise BadInputError(f"fill was {options['fill']!r}; expected {' or '.join(fills)}")
    return Plan(
        windows=(window_parse(options["window"]),),
        trade_sizes=(number("trade size", options["trade_size"]),),
        fill=FillModel(options["fill"]),
        warm_up_bars=whole("warm-up bars", options["warm_up_bars"]),
    )
