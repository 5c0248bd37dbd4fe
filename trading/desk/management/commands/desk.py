"""``desk start|stop|pause|resume|replay|verify``: run the desk and check what it did."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.core.management.base import CommandParser

from trading.base import bootstrap as base
from trading.base.domain.errors import BadInputError
from trading.base.domain.numbers import real_number, whole_number
from trading.base.domain.reasons import TradingState
from trading.base.management.desk_command import DeskCommand, Needs, person_name
from trading.base.management.progress import progress_bar
from trading.base.selectors.figures import amount_typed
from trading.desk import bootstrap as desk
from trading.desk.services.control.orders import Act, order_give, order_preview
from trading.desk.services.journal.replay import ReplayReport, replay_run
from trading.desk.services.journal.verify import session_verify, version_shown
from trading.desk.services.sessions.blueprint import (
    blueprint_make,
    ghost_blueprint_make,
    kernels_compile,
)
from trading.desk.services.sessions.opening import sessions_active, sessions_stop
from trading.market import bootstrap as market_side
from trading.market.domain.bars import BarArrays
from trading.market.domain.instruments import SIMULATED_VENUE, Pair
from trading.market.domain.timeframes import timeframe_name
from trading.market.ports.candles import SeriesKey
from trading.market.services.candles.series import range_check

_SHOWN: Final = 20  # rows that differ, on a terminal
_AMOUNTS: Final = ("bankroll", "equity", "realised_pnl", "fees", "reserved")
DEFAULT_TIMEFRAME: Final = "5m"


class Command(DeskCommand):
    """Start, steer, replay and verify sessions."""

    help = "Start and stop sessions, replay stored candles, verify the decision journal."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the actions."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        start = actions.add_parser("start", help="Open sessions; workers pick them up")
        start.add_argument("--mode", default="ghost", help="ghost (default) or live")
        start.add_argument(
            "--speed", default="", help="Bars per wall second (default 1), or max; with --venue"
        )
        self._add_market(start)
        start.set_defaults(timeframe="")  # so that one that was given can be told
        replay = actions.add_parser(
            "replay",
            help="Decide over stored candles in this process; amounts by currency in money[]; "
            "realised_pnl, fees and savings.reserved are null where there are several",
        )
        self._add_market(replay)
        replay.add_argument("--speed", default="max", help="Bars per wall second, or max (default)")
        replay.add_argument("--candles-file", type=Path, help="Use this file instead of the store")
        replay.add_argument("--bot", default="", help="Only this installed bot, on its own market")
        self.add_config_set(replay)
        stop = actions.add_parser(
            "stop", help="Stop sessions; positions are booked at their last price"
        )
        stop.add_argument(
            "--session", type=whole_number, action="append", help="Only this one; repeatable"
        )
        pause = actions.add_parser(
            "pause", help="Take back working entries, refuse new ones, keep managing positions"
        )
        resume = actions.add_parser("resume", help="Lift a pause; a kill is lifted by unkill alone")
        for action in (pause, resume):
            action.add_argument("--reason", default="by command", help="Kept with the order")
        verify = actions.add_parser(
            "verify", help="Recompute everything the session wrote and name each row that differs"
        )
        verify.add_argument(
            "--session", type=whole_number, required=True, help="Number of the session"
        )
        self.add_json(start, replay, stop, pause, resume, verify)

    @staticmethod
    def _add_market(parser: CommandParser) -> None:
        parser.add_argument(
            "--venue", default="", help="Whose candles, as bybit; default: by configuration"
        )
        parser.add_argument(
            "--pairs", default="", help="BASE/QUOTE, comma separated; default: all stored"
        )
        parser.add_argument(
            "--timeframe",
            default=DEFAULT_TIMEFRAME,
            help=f"Length of one bar (default {DEFAULT_TIMEFRAME})",
        )
        parser.add_argument(
            "--from", dest="start", default="", help="First bar, ISO-8601, UTC if unsaid"
        )
        parser.add_argument("--to", dest="end", default="", help="First bar not wanted any more")

    def needs(self, options: Mapping[str, Any]) -> Needs:
        """Make tables for sessions; speak of sessions only where there can be some."""
        return {"start": Needs.TABLES, "replay": Needs.DATABASE}.get(options["action"], Needs.DESK)

    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Run the action that was asked for."""
        actions: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "start": self._start,
            "replay": self._replay,
            "stop": self._stop_sessions,
            "pause": lambda o: self._order(Act.PAUSE, o),
            "resume": lambda o: self._order(Act.RESUME, o),
            "verify": self._verify,
        }
        return actions[options["action"]](options)

    def show(self, answer: dict[str, Any]) -> None:
        """Print the answer for a person: amounts by currency, rows that differ a line each."""
        rows, wrong = answer.get("money", []), answer.get("examples", [])
        hidden = {"money", "realised_pnl", "fees"} if rows else {"examples", "versions"}
        super().show({name: value for name, value in answer.items() if name not in hidden})
        for sentence in [*map(version_shown, answer.get("versions", [])), *wrong[:_SHOWN]]:
            self.stdout.write(sentence)
        if len(wrong) > _SHOWN:
            self.stdout.write(f"and {len(wrong) - _SHOWN} more; --json names them")
        for row in rows:
            amounts = (
                f"{k.replace('_', ' ')} {amount_typed(row[k], row['quote'])}" for k in _AMOUNTS
            )
            self.stdout.write(f"{', '.join(amounts)}; {row['round_trips']} round trips")

    def _start(self, options: Mapping[str, Any]) -> dict[str, Any]:
        if options["mode"] not in ("ghost", "live"):
            raise BadInputError(f"--mode was {options['mode']!r}; expected ghost or live")
        if options["mode"] == "live":
            return {
                "error": "live_not_available",
                "message": "live trading needs a venue account and a promotion; none exists yet",
            }
        if not options["venue"]:
            _check_nothing_else(options)
        sessions = desk.desk_start(
            venue=options["venue"],
            pairs=_pairs(options["pairs"]),
            timeframe=options["timeframe"] or DEFAULT_TIMEFRAME,
            bar_seconds=_bar_seconds(options["speed"] or "1"),
            start_ms=_moment(options["start"], "--from"),
            end_ms=_moment(options["end"], "--to"),
        )
        return {"session_ids": [session.pk for session in sessions]}

    def _stop_sessions(self, options: Mapping[str, Any]) -> dict[str, Any]:
        ids = options["session"] or [session.pk for session in sessions_active()]
        return {"session_ids": ids, "stopped": sessions_stop(session_ids=ids)}

    def _order(self, act: Act, options: Mapping[str, Any]) -> dict[str, Any]:
        preview = order_preview(scope="desk", name="")  # before sessions obey
        row = order_give(
            act=act,
            scope="desk",
            name="",
            reason=options["reason"],
            actor=person_name(),
            clock=base.system_clock(),
        )
        answer: dict[str, Any] = {
            "trading_state": TradingState(row.state).name.lower(),
            "session_ids": [session.pk for session in sessions_active()],
        }
        if act is Act.PAUSE:
            answer["open_orders_cancelled"] = preview.n_open_orders
        return answer

    def _replay(self, options: Mapping[str, Any]) -> dict[str, Any]:
        blueprint, series = self._replayed(options)
        kernels_compile(blueprint)
        bar_seconds = _bar_seconds(options["speed"])
        total = sum(len(bars) for bars in series.values())
        with progress_bar(total, "bars") as on_progress:
            began = time.perf_counter()
            report = replay_run(
                blueprint=blueprint,
                series=series,
                on_progress=on_progress,
                pace=(lambda _t: time.sleep(bar_seconds)) if bar_seconds else None,  # noqa: TID251
            )
            elapsed = time.perf_counter() - began
        is_simulated = blueprint["venue"] == SIMULATED_VENUE
        if is_simulated:
            self.stderr.write("the candles are simulated: nobody ever traded at these prices")
        return _replay_answer(report, elapsed) | {"is_simulated": is_simulated}

    def _replayed(self, options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, BarArrays]]:
        """Return the start of the run, and the bars by pair."""
        config = desk.desk_config(command_line=options["config_set"])
        entries, name = market_side.swap_cost_entries(), options["bot"]
        if not name:
            series, venue = self._series(options)
            blueprint = blueprint_make(
                config=config,
                venue=venue,
                pairs=list(series),
                timeframe=timeframe_name(options["timeframe"]),
                swap_cost_entries=entries,
            )
            return blueprint, series
        bot = config.bots.installed.get(name)
        if bot is None:
            known = ", ".join(sorted(config.bots.installed)) or "none"
            raise BadInputError(f"--bot was {name!r}; installed are: {known}")
        market = {"venue": bot.venue, "pairs": bot.pair, "timeframe": bot.timeframe}
        series, _venue = self._series({**options, **market})
        blueprint = ghost_blueprint_make(config=config, name=name, swap_cost_entries=entries)
        return blueprint, series

    def _series(self, options: Mapping[str, Any]) -> tuple[dict[str, BarArrays], str]:
        pairs, timeframe = _pairs(options["pairs"]), timeframe_name(options["timeframe"])
        start, end = _moment(options["start"], "--from"), _moment(options["end"], "--to")
        if options["candles_file"]:
            if len(pairs) != 1:
                raise BadInputError(
                    "--candles-file holds one pair; name it with --pairs BASE/QUOTE"
                )
            bars = market_side.candles_from_file(options["candles_file"], timeframe)
            spans = [(int(bars.open_time[0]), int(bars.open_time[-1]))]
            range_check(spans, start_ms=start, end_ms=end)
            return {pairs[0]: _between(bars, start, end)}, options["venue"] or "file"
        store, venue = market_side.candle_store(), options["venue"].strip().lower()
        if not venue:
            raise BadInputError("--venue was not given; see: manage.py candles list")
        infos = [i for i in store.list() if (i.key.venue, i.key.timeframe) == (venue, timeframe)]
        if not infos:
            raise BadInputError(f"no {timeframe} candles of {venue!r} are stored")
        keys = [SeriesKey(venue, pair, timeframe) for pair in pairs] or [i.key for i in infos]
        if spans := [(i.first_open, i.last_open) for i in infos if i.key in keys]:
            range_check(spans, start_ms=start, end_ms=end)
        series = {key.pair: store.load(key, start_ms=start, end_ms=end) for key in keys}
        return series, venue

    def _verify(self, options: Mapping[str, Any]) -> dict[str, Any]:
        with progress_bar(None, "bars") as on_progress:
            report = session_verify(session_id=options["session"], on_progress=on_progress)
        return {"session": options["session"]} | report.as_json()


def _replay_answer(report: ReplayReport, elapsed: float) -> dict[str, Any]:
    rate = report.bars / elapsed if elapsed > 0 else 0.0
    return report.as_json() | {"elapsed_s": round(elapsed, 3), "bars_per_second": round(rate, 1)}


def _between(bars: BarArrays, start: int | None, end: int | None) -> BarArrays:
    times = bars.open_time
    first = 0 if start is None else int(times.searchsorted(start))
    last = len(bars) if end is None else int(times.searchsorted(end))
    return bars.slice(first, last)


def _check_nothing_else(options: Mapping[str, Any]) -> None:
    """Refuse what would not count: without a venue the configuration alone says what is opened."""
    names = {"pairs": "pairs", "timeframe": "timeframe", "start": "from", "end": "to"}
    for name, option in (names | {"speed": "speed"}).items():
        if options[name]:
            raise BadInputError(
                f"--{option} was {options[name]!r} without --venue; name the venue of the stored "
                "candles, or set the market in the configuration (market.*) and give neither"
            )


def _pairs(text: str) -> list[str]:
    return sorted({str(Pair.parse(part)) for part in text.split(",") if part.strip()})


def _bar_seconds(text: str) -> float:
    """Return wall seconds per bar time; 0 means as fast as possible."""
    if text == "max":
        return 0.0
    try:
        speed = real_number(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise BadInputError(f"--speed was {text!r}; expected max or bars per second above 0")
    return 1.0 / speed


def _moment(text: str, option: str) -> int | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInputError(f"{option} was {text!r}; expected a time such as 2025-05-01") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)
