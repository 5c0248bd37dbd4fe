"""``swap_costs show|refresh``: what swaps cost by size, for the whole desk."""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser
from tqdm import tqdm

from trading.base import bootstrap as base
from trading.base.domain.errors import BadInputError
from trading.base.domain.numbers import real_number
from trading.base.management.desk_command import DeskCommand
from trading.base.management.progress import progress_bar
from trading.market import bootstrap as market_side
from trading.market.domain.instruments import Pair
from trading.market.ports.quotes import RouterMarket, Token
from trading.market.services.swap_costs import market as defaults
from trading.market.services.swap_costs.cache import DAY_S, SwapCostCache, swap_costs_get
from trading.market.services.swap_costs.market import AGGREGATOR, SwapMarket
from trading.market.services.swap_costs.refresh import (
    RefreshPlan,
    RefreshResult,
    swap_costs_refresh,
)

_SOURCES = (AGGREGATOR, "router")


class Command(DeskCommand):
    """Swap-cost cache commands."""

    help = "Show the swap-cost cache of the data directory, or measure it again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the two actions."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        show = actions.add_parser("show", help="Every rung and its age")
        refresh = actions.add_parser(
            "refresh",
            help="Measure rungs that are missing or old; an interrupted refresh goes on",
        )
        for action in (show, refresh):
            action.add_argument(
                "--max-age-days",
                default="7",
                metavar="DAYS",
                help="Rungs older than this count as old (default 7)",
            )
        self._add_ladder(refresh)
        self._add_market(refresh)
        self.add_json(show, refresh)

    @staticmethod
    def _add_ladder(parser: CommandParser) -> None:
        for name, default, text in (
            ("--step", "5000", "Distance of the rungs, quote currency (default 5000)"),
            ("--max-notional", "100000", "Largest size, rounded up to a rung (default 100000)"),
            ("--requests-per-minute", "8", "Two make one rung; retries count (default 8)"),
        ):
            parser.add_argument(name, default=default, metavar="N", help=text)
        parser.add_argument(
            "--force",
            action="store_true",
            help="Measure every wanted rung again, however young; replace another market's cache",
        )

    @staticmethod
    def _add_market(parser: CommandParser) -> None:
        asset, quote = defaults.PDAI_DAI.asset, defaults.PDAI_DAI.quote
        parser.add_argument(
            "--source",
            default=AGGREGATOR,
            help="Who is asked: aggregator (HTTP, the default) or router (V2 pools, by RPC)",
        )
        for name, default, text in (
            ("--endpoint", defaults.AGGREGATOR_ENDPOINT, "Aggregator: address of its quote API"),
            ("--rpc-url", defaults.NODE_URL, "Router: address of the chain's node"),
            ("--router", defaults.ROUTER, "Router: address of the contract"),
            ("--wrapped-native", defaults.WRAPPED_NATIVE, "Router: the coin that pays gas"),
            ("--via", "", "Router: tokens between the two, comma separated, in buying order"),
            ("--gas-from", "", "Router: who holds and approved both, to simulate swaps for gas"),
            ("--asset", asset.address, "Token that is bought and sold"),
            ("--asset-decimals", str(asset.decimals), "Its decimals"),
            ("--quote", quote.address, "Token that is paid"),
            ("--quote-decimals", str(quote.decimals), "Its decimals"),
            ("--pair", "", "What candles call the pair, as HEX/DAI; PDAI/DAI is known"),
            ("--chain-id", str(defaults.PDAI_DAI.chain_id), "The chain both are on"),
        ):
            shown = f" (default {default})" if default else " (default: none)"
            parser.add_argument(name, default=default, help=text + shown)

    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Run the action that was asked for."""
        return self._refresh(options) if options["action"] == "refresh" else self._show(options)

    def show(self, answer: dict[str, Any]) -> None:
        """Print one line a rung, then the facts."""
        if "error" in answer:
            self.stderr.write(answer["message"])
            return
        self.stdout.write(f"{'notional':>10}  {'round trip':>10}  {'buy gas':>8}  {'sell gas':>8}")
        for row in answer.pop("rungs"):
            self.stdout.write(
                f"{row['notional']:>10,.0f}  {row['loss_rate'] * 100:>9.3f}%  "
                f"{row['buy_gas']:>8.4f}  {row['sell_gas']:>8.4f}"
            )
        for name, value in answer.items():
            if value not in ("", None):
                self.stdout.write(f"{name}: {value}")

    def _show(self, options: Mapping[str, Any]) -> dict[str, Any]:
        max_age_s = _max_age_s(options)
        store = market_side.swap_cost_store()
        cache = swap_costs_get(store=store)
        if cache is None:
            return {
                "error": "no_swap_costs",
                "message": f"there are no swap costs at {store.name!r}; measure them with "
                "swap_costs refresh",
            }
        return _facts(cache, max_age_s)

    def _refresh(self, options: Mapping[str, Any]) -> dict[str, Any]:
        plan = _plan(options)
        result = asyncio.run(_run(plan, options))
        return _facts(result.cache, plan.max_age_s) | {
            "fetched": result.n_fetched,
            "kept": result.n_kept,
            "requests": result.n_requests,
        }


async def _run(plan: RefreshPlan, options: Mapping[str, Any]) -> RefreshResult:
    quoter = (
        market_side.aggregator_quoter(plan.market, endpoint=options["endpoint"])
        if plan.market.source == AGGREGATOR
        else market_side.router_quoter(options["rpc_url"], _router(plan.market, options))
    )
    try:
        with progress_bar(len(plan.rungs), " rungs") as progress:
            return await swap_costs_refresh(
                store=market_side.swap_cost_store(),
                quoter=quoter,
                clock=base.system_clock(),
                plan=plan,
                progress=progress,
                say=_say,
            )
    finally:
        await quoter.close()


def _say(line: str) -> None:
    """Print a line for a person above the progress bar."""
    tqdm.write(line, file=sys.stderr)


def _router(market: SwapMarket, options: Mapping[str, Any]) -> RouterMarket:
    return RouterMarket(
        router=options["router"],
        wrapped_native=options["wrapped_native"],
        quote=market.quote,
        via=tuple(filter(None, options["via"].split(","))),
        sender=options["gas_from"],
    )


def _plan(options: Mapping[str, Any]) -> RefreshPlan:
    if options["source"] not in _SOURCES:
        raise BadInputError(f"--source was {options['source']!r}; expected {' or '.join(_SOURCES)}")
    is_router = options["source"] != AGGREGATOR
    market = SwapMarket(
        asset=Token(options["asset"], _whole(options, "asset_decimals")),
        quote=Token(options["quote"], _whole(options, "quote_decimals")),
        chain_id=_whole(options, "chain_id"),
        source=f"router {options['router']}" if is_router else AGGREGATOR,
        pair=str(Pair.parse(options["pair"])) if options["pair"] else "",
    )
    return RefreshPlan(
        market=market,
        step=_whole(options, "step"),
        max_notional=_whole(options, "max_notional"),
        requests_per_minute=_whole(options, "requests_per_minute"),
        max_age_s=_max_age_s(options),
        is_forced=options["force"],
    )


def _facts(cache: SwapCostCache, max_age_s: float) -> dict[str, Any]:
    clock, schedule = base.system_clock(), cache.schedule
    age_s = cache.age_s(clock)
    columns = (schedule.notional, schedule.loss_rate, schedule.buy_gas, schedule.sell_gas)
    names = ("notional", "loss_rate", "buy_gas", "sell_gas")
    return {
        "path": cache.name,
        "pair": cache.pair,
        "of": str(cache.identity),
        "chain_id": cache.identity.chain_id or None,
        "asset": cache.identity.asset,
        "quote": cache.identity.quote,
        "source": cache.identity.source,
        "entries": len(cache.entries),
        "age_s": None if age_s is None else round(age_s, 1),
        "measured_at": cache.measured_at,
        "warning": cache.warning(clock, max_age_s),
        "rungs": [
            dict(zip(names, row, strict=True))
            for row in zip(*(column.tolist() for column in columns), strict=True)
        ],
    }


def _whole(options: Mapping[str, Any], name: str) -> int:
    text = options[name]
    try:
        value = real_number(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value != int(value):
        raise BadInputError(f"--{name.replace('_', '-')} was {text!r}; expected a whole number")
    return int(value)


def _max_age_s(options: Mapping[str, Any]) -> float:
    text = options["max_age_days"]
    try:
        days = real_number(text)
    except ValueError:
        days = math.nan
    if not (math.isfinite(days) and days > 0):
        raise BadInputError(f"--max-age-days was {text!r}; expected days above 0")
    return days * DAY_S
