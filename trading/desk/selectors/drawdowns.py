"""Read which bots enter no more because their drawdown has reached the limit.

Such a bot stays stopped until a person re-arms it: without entries its equity cannot come back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trading.base.selectors.figures import percent_text
from trading.desk.domain.decision.facts import FactKind
from trading.desk.domain.policy import EntryGates
from trading.desk.models import SessionFact
from trading.desk.selectors.bots import BotView


@dataclass(frozen=True, slots=True)
class DrawdownStop:
    """A bot's fall from its peak (quote) in percent of it, and the limit that stops entries."""

    peak: Decimal
    drawdown_pct: float
    limit_pct: float

    @property
    def text(self) -> str:
        """Return how far it fell and how far it may, in words."""
        fallen = percent_text(self.drawdown_pct, signed=False)
        return f"{fallen} below its peak, limit {percent_text(self.limit_pct, signed=False)}"


def drawdown_stops(bots: Sequence[BotView]) -> Mapping[int, DrawdownStop]:
    """Return the bots that are beyond their limit, by id."""
    fallen = [bot for bot in bots if bot.drawdown_pct > 0]
    limits = _limits({bot.session_id for bot in fallen})
    stops = {}
    for bot in fallen:
        limit = limits.get((bot.session_id, bot.index))
        if limit is not None and bot.peak_equity is not None and bot.drawdown_pct >= limit:
            stops[bot.id] = DrawdownStop(bot.peak_equity, bot.drawdown_pct, limit)
    return stops


def _limits(session_ids: Iterable[int]) -> dict[tuple[int, int], float]:
    """Return the limit in force by session and index of the bot; no entry where none applies."""
    kinds = (FactKind.START, FactKind.POLICY)
    rows = SessionFact.objects.filter(session_id__in=session_ids, kind__in=kinds).order_by("n")
    limits: dict[int, float] = {}
    plans: dict[int, list[dict[str, Any]]] = {}
    for session_id, payload in rows.values_list("session_id", "payload"):
        plans.setdefault(session_id, payload.get("bots", []))
        limit = payload.get("policy", {}).get("risk", {}).get("max_drawdown_pct")
        if limit is not None:
            limits[session_id] = float(limit)
    return {
        (session_id, plan["index"]): limits[session_id]
        for session_id, bots in plans.items()
        for plan in bots
        if session_id in limits and not _is_free(plan)
    }


def _is_free(plan: Mapping[str, Any]) -> bool:
    return bool((plan.get("rules") or {}).get("gates") == EntryGates.SYSTEM)
