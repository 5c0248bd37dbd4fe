"""``evaluate``: one strategy, one parameter set, one window, with real swap costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from django.core.management.base import CommandParser

from optimizer import bootstrap
from optimizer.domain.evaluator.evaluator import Evaluator, Plan
from optimizer.domain.metrics import FillModel
from optimizer.domain.periods import windows_parse
from optimizer.domain.systems import SYSTEMS, system_get
from optimizer.management.inputs import candles_add, candles_named, file_check, force_add
from optimizer.services.evaluations import (
    evaluation_get,
    evaluation_warnings,
    params_check,
    params_parse,
    params_unread,
)
from optimizer.services.studies.open.problems import Problems
from optimizer.services.studies.open.request import values_read
from optimizer.services.studies.open.sources import file_origin, simulated_warnings
from optimizer.services.studies.open.typed import amount, name_check, whole
from trading.base.management.desk_command import DeskCommand
from trading.market.domain.bars import BarArrays


class _Asked(NamedTuple):
    """What was asked for, checked."""

    params: dict[str, float]
    plan: Plan
    trade_size: Decimal


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
        force_add(parser)

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
        asked, options = _asked(options, self.stderr.write)
        venue, pair = _market(options)
        costs, used = bootstrap.swap_costs_used(
            options["swap_costs"],
            venue=venue,
            pair=pair,
            trade_size=asked.trade_size,
            is_forced=options["force"],
        )
        bars, step_ms = _candles(options)
        evaluation = evaluation_get(
            evaluator=Evaluator(bars, step_ms=step_ms, costs=costs),
            strategy=options["strategy"],
            params=asked.params,
            plan=asked.plan,
            clock=bootstrap.system_clock(),
        )
        warnings = [
            *simulated_warnings(venue),
            *used.warnings,
            *params_unread(system_get(options["strategy"]), asked.params),
            *evaluation_warnings(evaluation, step_ms),
        ]
        for line in warnings:
            self.stderr.write(line)
        return evaluation.as_dict() | {"warnings": warnings}

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
    if options["candles_file"] is not None:
        return bootstrap.candles_file(options["candles_file"], options["timeframe"])
    return bootstrap.candles_stored(
        venue=options["venue"], pair=options["pair"], timeframe=options["timeframe"]
    )


def _market(options: Mapping[str, Any]) -> tuple[str, str]:
    """Return venue and pair of the candles as far as they are known."""
    file: Path | None = options["candles_file"]
    if file is None:
        return str(options["venue"] or ""), str(options["pair"] or "")
    return file_origin(file).venue, file_origin(file).pair


def _asked(
    options: Mapping[str, Any], say: Callable[[str], object]
) -> tuple[_Asked, Mapping[str, Any]]:
    """Return what was asked for, and the options with the series that is meant.

    Raises:
        InvalidRequestError: values cannot be used; it says all that cannot.
    """
    problems, params = Problems(), {}
    with problems.at("candles"):
        options = candles_named(options, say)
        file_check("candles file was", options["candles_file"])
    with problems.at("swap_costs"):
        file_check("swap costs were", options["swap_costs"])
    with problems.at("params"):
        params = params_parse(options["params"])
    with problems.at("strategy"):
        system = system_get(name_check(options["strategy"]))
        with problems.at("params"):
            params_check(system, params)
    values = values_read(_reads(options), problems)
    problems.settle()
    plan = Plan(
        windows=windows_parse(values["windows"]),
        trade_sizes=(float(values["trade_size"]),),
        fill=FillModel(values["fill"]),
        warm_up_bars=values["warm_up_bars"],
    )
    return _Asked(params, plan, values["trade_size"]), options


def _reads(options: Mapping[str, Any]) -> dict[str, Callable[[], Any]]:
    """Return what reads each value a study is asked for as well; the same may be."""
    return {
        "windows": lambda: (name_check(options["window"]),),
        "trade_size": partial(amount, "trade size", options["trade_size"]),
        "fill": partial(str, options["fill"]),
        "warm_up_bars": partial(whole, "warm-up bars", options["warm_up_bars"]),
    }
