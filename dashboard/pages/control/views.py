"""Pause, resume, kill, lift a kill, re-arm: what it will do in figures, the reason, then the act.

The page works alone, in the dialog of any page and without a script; the deed itself is one
service call. Only people with ``desk.operate_desk`` get here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from dashboard.pages.control.orders import DESK_ACTIONS, REARM, Action, bot_actions
from dashboard.shell.desk import OPERATE, Desk
from dashboard.shell.look import Look
from dashboard.shell.render import detail_render, is_panel
from dashboard.templatetags.desk import words
from trading.base import bootstrap
from trading.base.domain.errors import TradingError
from trading.base.domain.topics import DESK
from trading.base.selectors.figures import amount_text, count_text, percent_text, quantity_text
from trading.desk.selectors.bots import bot_get
from trading.desk.selectors.feeds import mark_prices
from trading.desk.selectors.overview import bot_order_in_force, controls_in_force
from trading.desk.services.control.orders import (
    REASON_MAX,
    Act,
    order_give,
    order_preview,
    order_refusal,
)
from trading.desk.services.control.rearm import bot_rearm, rearm_preview


@dataclass(frozen=True, slots=True)
class Order:
    """One order for one target: the desk, or the bots of one strategy on one pair."""

    scope: str
    name: str
    action: Action
    url: str

    @property
    def is_kill(self) -> bool:
        """Return whether it is the kill switch."""
        return self.action.name == Act.KILL


@permission_required(OPERATE, raise_exception=True)
@require_http_methods(["GET", "POST"])
def control(request: HttpRequest, action: str) -> HttpResponse:
    """Show what an order for the whole desk would do, or give it."""
    chosen = _chosen(DESK_ACTIONS, action)
    url = reverse("dashboard:control", args=[action])
    return _answer(request, Order("desk", "", chosen, url))


@permission_required(OPERATE, raise_exception=True)
@require_http_methods(["GET", "POST"])
def bot_control(request: HttpRequest, bot_id: int, action: str) -> HttpResponse:
    """Show what an order for one bot would do, or give it."""
    bot = bot_get(bot_id)
    if bot is None:
        raise Http404(f"There is no bot {bot_id}.")
    chosen = _chosen(bot_actions(f"{words(bot.strategy)} on {bot.pair}"), action)
    url = reverse("dashboard:bot-control", args=[bot_id, action])
    ordered = bot_order_in_force(bot, controls_in_force())
    is_lifting = action in (Act.RESUME, Act.UNKILL) and ordered is not None
    name = ordered.name if ordered is not None and is_lifting else bot.control_name
    return _answer(request, Order("bot", name, chosen, url))


def _chosen(actions: Mapping[str, Action], name: str) -> Action:
    if name not in actions:
        raise Http404(f"There is no order {name!r}; expected {', '.join(actions)}.")
    return actions[name]


def _answer(request: HttpRequest, order: Order) -> HttpResponse:
    if request.method == "GET":
        return _form(request, order, reason="", error="", status=200)
    reason = request.POST.get("reason", "").strip()
    error = _reason_error(reason)
    if not error:
        error = _carry_out(request, order, reason)
    if error:
        return _form(request, order, reason=reason, error=error, status=422)
    if is_panel(request):
        return HttpResponse(status=204)
    messages.success(request, f"{order.action.done} {order.action.undo}")
    return redirect("dashboard:overview")


def _reason_error(reason: str) -> str:
    if not reason:
        return "Say why in a few words: the reason is kept with the order."
    if len(reason) > REASON_MAX:
        return f"The reason was {len(reason)} characters long; at most {REASON_MAX} are kept."
    return ""


def _carry_out(request: HttpRequest, order: Order, reason: str) -> str:
    """Return the error that stopped it, in words, or nothing."""
    who, clock = request.user.get_username(), bootstrap.system_clock()
    try:
        if order.action.name == REARM:
            bot_rearm(name=order.name, reason=reason, actor=who, clock=clock)
        else:
            order_give(
                act=Act(order.action.name),
                scope=order.scope,
                name=order.name,
                flatten=order.is_kill and request.POST.get("flatten") == "on",
                reason=reason,
                actor=who,
                clock=clock,
            )
    except TradingError as error:
        return str(error)
    # other tabs and other people see it at once; if the news is lost, within ten seconds
    news = {"kind": "state", "scope": order.scope, "name": order.name}
    async_to_sync(bootstrap.event_publisher().publish)(DESK, news)
    return ""


def _preview_lines(desk: Desk, order: Order) -> list[str]:
    """Return what the order does now, in figures at the last close; nothing where it is plain."""
    if order.action.name == REARM:
        return _rearm_lines(order)
    if order.action.name not in (Act.PAUSE, Act.KILL):
        return []
    preview = order_preview(scope=order.scope, name=order.name)
    orders = preview.n_open_orders
    lines = [
        "No entry order is working, so none is cancelled."
        if orders == 0
        else f"Cancels {count_text(orders)} working entry order{'s' if orders > 1 else ''}."
    ]
    if not order.is_kill:
        return lines
    if not preview.positions:
        return [*lines, "No position is open, so there is nothing to sell."]
    marks = {pair: mark for (_, pair), mark in mark_prices(desk.feeds).items()}
    held: dict[str, Decimal] = {}
    for pair, quantity, _ in preview.positions:
        held[pair] = held.get(pair, Decimal(0)) + quantity
    for pair, quantity in sorted(held.items()):
        base, _, quote = pair.partition("/")
        value = quantity * Decimal(repr(marks[pair])) if pair in marks else None
        worth = amount_text(value, quote)
        lines.append(f"With selling: {quantity_text(quantity, base)} ≈ {worth} at market.")
    return [*lines, "Without selling, the positions stay open and their stops stay in place."]


def _rearm_lines(order: Order) -> list[str]:
    lines = [
        f"Its equity of {amount_text(bot.equity, bot.quote)} is "
        f"{percent_text(stop.drawdown_pct, signed=False)} below its peak of "
        f"{amount_text(stop.peak, bot.quote)}; the limit is "
        f"{percent_text(stop.limit_pct, signed=False)}."
        for bot, stop in rearm_preview(name=order.name)
    ]
    return lines or ["It is within its drawdown limit now, so there is nothing to re-arm."]


def _form(
    request: HttpRequest, order: Order, *, reason: str, error: str, status: int
) -> HttpResponse:
    look, action = Look(request), order.action
    refusal = ""
    if action.name != REARM:
        refusal = order_refusal(act=Act(action.name), scope=order.scope, name=order.name)
    context: dict[str, Any] = {
        "action": action,
        "url": order.url,
        "reason": reason,
        "reason_max": REASON_MAX,
        "error": error,
        "flatten": request.POST.get("flatten") == "on",
        "refusal": refusal,
        "preview": [] if refusal else _preview_lines(look.desk, order),
        "can_flatten": order.is_kill,
        "title": action.title,
    }
    return detail_render(look, "dashboard/control/order.html", context, status=status)
