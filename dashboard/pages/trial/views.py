"""One trial under its own address, and the act of installing it as a ghost bot."""

from __future__ import annotations

import json
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.optimizer.look import StudyLook
from dashboard.pages.trial.luck import luck_facts, verdict_text
from dashboard.shell.desk import OPERATE
from dashboard.shell.render import detail_render, is_panel
from optimizer.selectors.trials import TrialDetail, trial_get
from trading.base.domain.errors import TradingError
from trading.base.selectors.figures import percent_text, quantity_text
from trading.desk import bootstrap as desk

REASON_MAX: Final = 300
_SHOWN: Final = (
    ("Return", "total_return_pct", "percent"),
    ("Buy and hold", "buy_hold_return_pct", "percent"),
    ("CAGR", "cagr_pct", "percent"),
    ("Deepest fall", "max_drawdown_pct", "percent"),
    ("Longest fall, days", "max_drawdown_duration_days", "number"),
    ("Sharpe", "sharpe", "number"),
    ("Sortino", "sortino", "number"),
    ("Trades", "num_trades", "count"),
    ("Won", "win_rate_pct", "share"),
    ("Profit factor", "profit_factor", "number"),
    ("Costs of the notional", "total_cost_pct", "share"),
    ("Final balance", "final_balance", "number"),
)


@require_safe
def trial(request: HttpRequest, study_id: int, number: int) -> HttpResponse:
    """Show one trial with its parameters, its metrics by window and what scrutiny made of it."""
    look = StudyLook(request, study_id)
    detail = _detail(look, number)
    # a phone shows one column: that of the window which ranks and was examined
    windows = sorted(detail.windows, key=lambda window: window != look.study.ranking_window)
    context = {
        **look.base(),
        "trial": detail,
        "windows": windows,
        "metrics": [
            (label, kind, [detail.windows[window].get(name) for window in windows])
            for label, name, kind in _SHOWN
        ],
        "luck_facts": luck_facts(detail.view.luck),
        "installed": look.installed([detail.view]).get(number),
        "params_json": json.dumps(dict(detail.view.params), sort_keys=True),
        "title": f"Trial {number} of study {study_id}",
    }
    return detail_render(look, "dashboard/trial/trial.html", context)


@permission_required(OPERATE, raise_exception=True)
@require_http_methods(["GET", "POST"])
def trial_install(request: HttpRequest, study_id: int, number: int) -> HttpResponse:
    """Show what installing the trial as a ghost bot does, or do it."""
    look = StudyLook(request, study_id)
    detail = _detail(look, number)
    if request.method == "GET":
        typed = {"name": f"s{study_id}-t{number}", "reason": _why(look, detail)}
        return _form(look, detail, typed, error="", status=200)
    typed = {name: request.POST.get(name, "").strip() for name in ("name", "reason")}
    error, note = _install(look, detail, typed)
    if error:
        return _form(look, detail, typed, error=error, status=422)
    if is_panel(request):
        context = {"note": note, "title": "Installed"}
        return render(request, "dashboard/trial/installed.html", context)
    messages.success(request, note)
    return redirect("dashboard:study", study_id)


def _detail(look: StudyLook, number: int) -> TrialDetail:
    detail = trial_get(look.study, number)
    if detail is None:
        raise Http404(f"Study {look.study.id} has no trial {number}.")
    return detail


def _why(look: StudyLook, detail: TrialDetail) -> str:
    gain = percent_text(detail.view.return_pct)
    verdict = verdict_text(detail.view.luck)
    window = look.study.ranking_window
    return f"Trial {detail.view.number} of study {look.study.id}: {gain} on {window}, {verdict}"


def _install(look: StudyLook, detail: TrialDetail, typed: dict[str, str]) -> tuple[str, str]:
    """Return the error that stopped it, in words, or what happens next."""
    study, source = look.study, look.study.source
    if not typed["reason"]:
        return "Say why in a few words: the reason is kept with the bot.", ""
    if len(typed["reason"]) > REASON_MAX:
        return f"The reason was {len(typed['reason'])} characters long; at most {REASON_MAX}.", ""
    if not (source.get("venue") and source.get("pair") and source.get("timeframe")):
        return (
            "The study was made on a file whose name does not say which venue, pair and timeframe "
            "it is of. Import the candles and search again to install what it finds."
        ), ""
    try:
        done = desk.bot_install(
            name=typed["name"],
            strategy=detail.view.strategy,
            params=detail.view.params,
            venue=source["venue"],
            pair=source["pair"],
            timeframe=source["timeframe"],
            trade_size=study.trade_size,
            by=look.request.user.get_username(),
            why=typed["reason"],
        )
    except TradingError as error:
        return str(error), ""
    return "", done.note


def _effects(look: StudyLook, detail: TrialDetail) -> list[str]:
    """Return what installing does, in figures, most important first."""
    study, luck = look.study, detail.view.luck
    size = quantity_text(study.trade_size, study.quote)
    where = study.market
    lines = [
        f"A new ghost bot trades {detail.view.strategy.replace('_', ' ')} on {where} with {size} "
        "of paper money. No order leaves the desk.",
        "It spends all of its cash at the next bar's open, pays the measured swap costs and has "
        "no stops but the strategy's own, as in the search.",
        "Unlike the search, a desk refuses entries on bars that its data checks quarantine as "
        "outliers, and before it has the history to be warm for the strategy.",
        "The desk's savings checkpoints apply to it, so its profits compound less than here.",
    ]
    if study.fill != "next_open":
        lines.append(
            "The search filled at the next close and the desk fills at the next open, so the bot's "
            "trades will differ from those of the search."
        )
    if luck is None:
        lines.append("Nobody examined this trial: its return may be luck.")
    else:
        said = f"What scrutiny says of its return: {verdict_text(luck)}."
        lines.append(" ".join((said, *luck.reasons)))
    return lines


def _form(
    look: StudyLook, detail: TrialDetail, typed: dict[str, str], *, error: str, status: int
) -> HttpResponse:
    context: dict[str, Any] = {
        **look.base(),
        "trial": detail,
        "effects": _effects(look, detail),
        "typed": typed,
        "error": error,
        "reason_max": REASON_MAX,
        "title": "Install as ghost bot",
    }
    return detail_render(look, "dashboard/trial/install.html", context, status=status)
