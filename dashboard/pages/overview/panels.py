"""What each panel of the overview reads, and what makes it ask for itself anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dashboard.shell.desk import OPERATE
from dashboard.shell.look import Look
from dashboard.shell.panels import Panel, PanelSet
from trading.desk.selectors.bots import money_summaries
from trading.desk.selectors.decisions import decision_list, outcome_counts
from trading.desk.selectors.drawdowns import drawdown_stops
from trading.desk.selectors.feeds import mark_prices
from trading.desk.selectors.overview import bot_order_in_force, checklist
from trading.desk.selectors.positions import position_list, round_trip_list
from trading.desk.selectors.savings import checkpoint_list, savings_rule, savings_summary
from trading.market.domain.timeframes import MS_PER_DAY

_FOLDER: Final = "dashboard/overview/panels"
_FUNNEL_PAUSE_MS: Final = 5_000  # it counts a day of bars; it need not follow every bar


def _figures(look: Look) -> Mapping[str, Any]:
    desk = look.desk
    return {
        "money": money_summaries(desk.bots),
        "n_in_position": sum(bot.is_in_position for bot in desk.bots),
        "n_bots": len(desk.bots),
        "n_decisions": sum(session.n_decisions for session in desk.sessions),
    }


def _checklist(look: Look) -> Mapping[str, Any]:
    desk = look.desk
    return {"lines": checklist(desk.sessions, desk.feeds, desk.bots)}


def _decisions(look: Look) -> Mapping[str, Any]:
    with_quiet = look.request.GET.get("quiet") == "1"
    return {
        "decisions": decision_list(look.desk.session_ids, with_quiet=with_quiet),
        "with_quiet": with_quiet,
        "bots": look.desk.bots,
    }


def _funnel(look: Look) -> Mapping[str, Any]:
    since = (look.desk.market_ms or 0) - MS_PER_DAY
    counts = outcome_counts(look.desk.session_ids, since)
    return {
        "counts": counts,
        "total": sum(c.count for c in counts),
        "largest": max((c.count for c in counts if c.kind != "quiet"), default=0),
    }


def _positions(look: Look) -> Mapping[str, Any]:
    desk = look.desk
    return {"positions": position_list(desk.session_ids, mark_prices(desk.feeds))}


def _trips(look: Look) -> Mapping[str, Any]:
    return {"trips": round_trip_list(look.desk.session_ids)}


def _bots(look: Look) -> Mapping[str, Any]:
    bots, orders = look.desk.bots, look.desk.controls
    stops = drawdown_stops(bots)
    return {
        "bots": bots,
        "rows": [(b, bot_order_in_force(b, orders), stops.get(b.id)) for b in bots],
        "can_operate": look.request.user.has_perm(OPERATE),
    }


def _savings(look: Look) -> Mapping[str, Any]:
    ids = look.desk.session_ids
    return {
        "rule": savings_rule(ids),
        "summary": savings_summary(ids),
        "checkpoints": checkpoint_list(ids),
    }


PANELS: Final = PanelSet(
    route="panels/",
    known={
        "figures": Panel(f"{_FOLDER}/figures.html", _figures, ("step", "state", "feed")),
        "checklist": Panel(
            f"{_FOLDER}/checklist.html", _checklist, ("step", "state", "feed", "beat", "order")
        ),
        "decisions": Panel(f"{_FOLDER}/decisions.html", _decisions, ("step", "order")),
        "funnel": Panel(f"{_FOLDER}/funnel.html", _funnel, ("step",), _FUNNEL_PAUSE_MS),
        "positions": Panel(f"{_FOLDER}/positions.html", _positions, ("step",)),
        "trips": Panel(f"{_FOLDER}/trips.html", _trips, ("step:round_trips",)),
        "bots": Panel(f"{_FOLDER}/bots.html", _bots, ("step", "state", "feed", "order")),
        "savings": Panel(
            f"{_FOLDER}/savings.html", _savings, ("step:round_trips", "step:checkpoints")
        ),
    },
)
