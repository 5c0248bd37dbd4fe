"""``candles import|download|simulate|list|verify``: fill the candle store and look after it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from tqdm import tqdm

from trading.base import bootstrap as base
from trading.base.domain.errors import BadInputError
from trading.base.domain.numbers import whole_number
from trading.base.management.desk_command import DeskCommand
from trading.base.management.progress import progress_bar
from trading.market import bootstrap as market
from trading.market.management.candle_answers import (
    download_answer,
    download_lines,
    outlier_answer,
    series_answer,
)
from trading.market.ports.candles import SeriesKey
from trading.market.services.candles.downloads import candles_download
from trading.market.services.candles.imports import candles_import
from trading.market.services.candles.series import Prefer
from trading.market.services.candles.simulations import candles_simulate

_PROGRESS_AFTER_S = 2.0


class Command(DeskCommand):
    """Candle store commands."""

    help = "Import, download, simulate, list and verify stored candles."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the actions."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        load = actions.add_parser("import", help="A CSV, Parquet or Feather file into the store")
        load.add_argument(
            "file", type=Path, help="Columns: timestamp, open, high, low, close, volume"
        )
        load.add_argument(
            "--prefer",
            default="nobody",
            help="Who is right where file and store disagree: new, old or nobody (refuse; default)",
        )
        fetch = actions.add_parser("download", help="Closed bars from a venue, only what is new")
        fetch.add_argument(
            "--since", required=True, help="First bar wanted, ISO-8601, UTC if unsaid"
        )
        fetch.add_argument("--base-url", default="", help="Another endpoint for the venue's REST")
        for action in (load, fetch):
            action.add_argument(
                "--venue", required=True, help="Where the candles are from, as bybit"
            )
            action.add_argument("--pair", required=True, help="BASE/QUOTE, as BTC/USDT")
            action.add_argument("--timeframe", required=True, help="Length of one bar, as 5m")
        made = actions.add_parser(
            "simulate", help="Invented candles and swap costs to try things on, without a network"
        )
        _simulate_add(made)
        listing = actions.add_parser("list", help="What is stored")
        verify = actions.add_parser("verify", help="Compare every file with its checksum")
        verify.add_argument(
            "--repair",
            action="store_true",
            help="Rebuild sidecars, move damaged files aside, remove leftovers",
        )
        self.add_json(load, fetch, made, listing, verify)

    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Run the action that was asked for."""
        action = {
            "import": self._import,
            "download": self._download,
            "simulate": self._simulate,
            "list": self._list,
            "verify": self._verify,
        }[options["action"]]
        return action(options)

    def show(self, answer: dict[str, Any]) -> None:
        """Print tables for lists, one fact a line for the rest."""
        if "series" in answer and isinstance(answer["series"], list):
            for row in answer["series"]:
                self.stdout.write(
                    f"{row['venue']:10} {row['pair']:12} {row['timeframe']:4} "
                    f"{row['rows']:>9,} rows  "
                    f"{row['first']} to {row['last']}  {row['gaps']} gaps, "
                    f"{row['missing_bars']} missing, {row['n_quarantined']} quarantined  "
                    f"{row['source']}"
                )
            self.stdout.write(f"{len(answer['series'])} series")
            if "next" in answer:
                self.stdout.write(f"swap costs: {answer['swap_costs']['of']}")
                self.stdout.write(f"search it: {answer['next']}")
            return
        for problem in answer.pop("problems", ()):
            self.stdout.write(
                f"{problem['series']}: {problem['problem']}"
                + (f"; {problem['repaired']}" if problem["repaired"] else "")
            )
        for name, value in answer.items():
            shown = f"{len(value)} bars" if name == "quarantined" else value
            if isinstance(value, dict):
                shown = ", ".join(f"{n} {reason}" for reason, n in value.items()) or "none"
            self.stdout.write(f"{name}: {shown}")

    def _import(self, options: Mapping[str, Any]) -> dict[str, Any]:
        result = candles_import(
            store=market.candle_store(),
            reader=market.candle_file_reader(),
            clock=base.system_clock(),
            path=options["file"],
            key=_key(options),
            prefer=_prefer(options["prefer"]),
        )
        for note in result.notes:
            self.stderr.write(f"note: {note}")
        return series_answer(result.info) | {
            "new": result.n_new,
            "replaced": result.n_replaced,
            "repeated": result.n_repeated,
            "quarantined": [outlier_answer(outlier) for outlier in result.outliers],
            "notes": list(result.notes),
        }

    def _download(self, options: Mapping[str, Any]) -> dict[str, Any]:
        clock = base.system_clock()
        key, since_ms = _key(options), _since(options["since"], clock.now_ms())

        async def run() -> dict[str, Any]:
            source = market.candle_source(venue=key.venue, base_url=options["base_url"])
            try:
                with _progress() as bar:
                    result = await candles_download(
                        store=market.candle_store(),
                        source=source,
                        clock=clock,
                        key=key,
                        since_ms=since_ms,
                        chance=base.chance(),
                        progress=(lambda n: None) if bar is None else bar.update,
                        say=self.stderr.write,
                    )
            finally:
                await source.close()
            answer = download_answer(result)
            for line in download_lines(result):
                if line != answer.get("message"):
                    self.stderr.write(line)
            return answer

        return asyncio.run(run())

    def _simulate(self, options: Mapping[str, Any]) -> dict[str, Any]:
        pairs = [part for part in options["pairs"].split(",") if part.strip()]
        with progress_bar(None, "bars") as progress:
            infos = candles_simulate(
                store=market.candle_store(),
                pairs=pairs,
                timeframe=options["timeframe"],
                days=options["days"],
                seed=options["seed"],
                progress=progress,
            )
        costs = market.simulated_costs_put([info.key.pair for info in infos])
        if not costs.identity.is_simulated:
            self.stderr.write(
                f"note: {costs.name} holds measured swap costs and stays; searches of simulated "
                "candles need others, see optimize run --swap-costs"
            )
        return {
            "series": [series_answer(info) for info in infos],
            "seed": options["seed"],
            "swap_costs": {"path": costs.name, "of": str(costs.identity)},
            "next": (
                # all three names: other series of the pair may be stored as well
                f"manage.py optimize run --venue {infos[0].key.venue} "
                f"--pair {infos[0].key.pair} --timeframe {infos[0].key.timeframe} "
                "--windows all --trials 200 --open"
            ),
        }

    def _list(self, options: Mapping[str, Any]) -> dict[str, Any]:
        return {"series": [series_answer(info) for info in market.candle_store().list()]}

    def _verify(self, options: Mapping[str, Any]) -> dict[str, Any]:
        store = market.candle_store()
        problems = store.verify(repair=options["repair"])
        answer: dict[str, Any] = {
            "checked": len(store.list()),
            "problems": [
                {"series": p.series, "problem": p.problem, "repaired": p.repaired} for p in problems
            ],
        }
        open_problems = [problem for problem in problems if not problem.repaired]
        if open_problems:
            answer |= {
                "error": "candles_damaged",
                "message": f"{len(open_problems)} problems; `candles verify --repair` mends them",
            }
        return answer


def _simulate_add(parser: CommandParser) -> None:
    parser.add_argument(
        "--pairs", default="BTC/USDT", metavar="A,B", help="BASE/QUOTE each (default BTC/USDT)"
    )
    parser.add_argument("--timeframe", default="5m", help="Length of one bar (default 5m)")
    parser.add_argument(
        "--days", type=whole_number, default=365, help="How far back they go (default 365)"
    )
    parser.add_argument(
        "--seed", type=whole_number, default=7, help="The same seed, the same candles (default 7)"
    )


def _key(options: Mapping[str, Any]) -> SeriesKey:
    return SeriesKey(options["venue"], options["pair"], options["timeframe"])


def _prefer(text: str) -> Prefer:
    try:
        return Prefer(text)
    except ValueError:
        raise BadInputError(f"--prefer was {text!r}; expected new, old or nobody") from None


def _since(text: str, now_ms: int) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInputError(f"--since was {text!r}; expected a date such as 2025-01-31") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since_ms = int(moment.timestamp() * 1000)
    if not 0 <= since_ms < now_ms:
        raise BadInputError(f"--since was {text!r}; expected a date from 1970 on that has been")
    return since_ms


def _progress() -> AbstractContextManager[Any]:
    if not sys.stderr.isatty():
        return nullcontext()
    return tqdm(unit=" bars", delay=_PROGRESS_AFTER_S, file=sys.stderr)
