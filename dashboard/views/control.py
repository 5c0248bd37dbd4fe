"""Pause, resume and kill: what it will do in figures, the reason, then the act.

The page works alone, in the dialog of any page and without a script; the deed itself is one
service call. Only people with ``trading.operate_desk`` get here.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dashboard.views.desk import OPERATE, Desk
from trading import bootstrap
from trading.domain.desk.reasons import TradingState
from trading.domain.errors import TradingError
from trading.domain.topics import DESK
from trading.selectors.figures import amount_text, count_text, quantity_text
from trading.selectors.health import mark_prices
from trading.services.control import kill_preview, trading_state_set

REASON_MAX: Final = 300
SCOPE: Final = "desk"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing an operator can order for the whole desk."""

    name: str
    title: str
    verb: str
    state: TradingState
    effect: str
    undo: str
    done: str
    is_dangerous: bool = False


ACTIONS: Final[dict[str, Action]] = {
    action.name: action
    for action in (
        Action(
            "pause",
            "Pause the desk",
            "pause",
            TradingState.PAUSED,
            "From the next bar on no bot enters. Exits and stops go on as before.",
            "Resume undoes it at once.",
            "The desk is paused: exits only.",
        ),
        Action(
            "resume",
            "Resume trading",
            "resume",
            TradingState.ACTIVE,
            "From the next bar on bots may enter again, if every gate passes.",
            "Pause undoes it at once.",
            "The desk trades again.",
        ),
        Action(
            "kill",
            "Kill the desk",
            "kill",
            TradingState.HALTED,
            "Every working entry order is cancelled and no bot enters or exits by itself.",
            "Resume lets bots trade again; what was sold stays sold.",
            "The desk is halted.",
            is_dangerous=True,
        ),
    )
}


@permission_required(OPERATE, raise_exception=True)
@require_http_methods(["GET", "POST"])
def control(request: HttpRequest, action: str) -> HttpResponse:
    """Show what the order would do, or give it."""
    chosen = ACTIONS.get(action)
    if chosen is None:
        raise Http404(f"There is no order {action!r}; expected {', '.join(ACTIONS)}.")
    if request.method == "GET":
        return _form(request, chosen, reason="", error="", status=200)
    reason = request.POST.get("reason", "").strip()
    error = _reason_error(reason)
    if not error:
        error = _carry_out(request, chosen, reason)
    if error:
        return _form(request, chosen, reason=reason, error=error, status=422)
    if request.headers.get("X-Panel") == "1":
        return HttpResponse(status=204)
    messages.success(request, f"{chosen.done} {chosen.undo}")
    return redirect("dashboard:overview")


def _reason_error(reason: str) -> str:
    if not reason:
        return "Say why in a few words: the reason is kept with the order."
    if len(reason) > REASON_MAX:
        return f"The reason was {len(reason)} characters long; at most {REASON_MAX} are kept."
    return ""


def _carry_out(request: HttpRequest, action: Action, reason: str) -> str:
    """Return the error that stopped it, in words, or nothing."""
    try:
        trading_state_set(
            scope=SCOPE,
            name="",
            state=action.state,
            flatten=action.is_dangerous and request.POST.get("flatten") == "on",
            reason=reason,
            actor=request.user.get_username(),
            clock=bootstrap.system_clock(),
        )
    except TradingError as error:
        return str(error)
    # other tabs and other people see it at once; if the news is lost, within ten seconds
    news = {"kind": "state", "scope": SCOPE, "name": "", "state": action.state.name.lower()}
    async_to_sync(bootstrap.event_publisher().publish)(DESK, news)
    return ""


def _preview_lines(desk: Desk) -> list[str]:
    """Return what the kill does now, in figures at the last close."""
    preview = kill_preview(scope=SCOPE, name="")
    orders = preview.n_open_orders
    lines = [
        "No entry order is working, so none is cancelled."
        if orders == 0
        else f"Cancels {count_text(orders)} working entry order{'s' if orders > 1 else ''}."
    ]
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


def _form(
    request: HttpRequest, action: Action, *, reason: str, error: str, status: int
) -> HttpResponse:
    desk = Desk(request)
    context: dict[str, Any] = {
        "action": action,
        "reason": reason,
        "reason_max": REASON_MAX,
        "error": error,
        "flatten": request.POST.get("flatten") == "on",
        "preview": _preview_lines(desk) if action.is_dangerous else None,
        "title": action.title,
    }
    if request.headers.get("X-Panel") == "1":
        response = render(request, "dashboard/details/control.html", context, status=status)
    else:
        page = {
            **desk.frame(),
            **context,
            "template": "dashboard/details/control.html",
        }
        response = render(request, "dashboard/detail_page.html", page, status=status)
    response["Vary"] = "X-Panel"
    return response
