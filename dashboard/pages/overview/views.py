"""The overview page, and the equity figures."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from dashboard.pages.overview.equity import equity_figure
from dashboard.shell.desk import Desk
from dashboard.shell.look import Look
from dashboard.shell.render import page_render
from trading.desk.selectors.equity import equity_curves
from trading.market.domain.timeframes import timeframe_ms

CHART_TIMEFRAMES: Final = ("1m", "5m", "15m", "1h", "4h", "1d")


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Render the whole page with every panel filled, so that it reads without a script."""
    look = Look(request)
    context = {"feeds_json": _chart_sources(look.desk)}
    return page_render(look, "dashboard/overview/page.html", context)


@require_safe
def equity(request: HttpRequest) -> JsonResponse:
    """Return one equity figure for each currency, or why there is none."""
    curves = equity_curves(Desk(request).session_ids)
    why = "No equity yet: the first point comes with the first bar a session decides on."
    figures = [{"quote": curve.quote, **equity_figure(curve)} for curve in curves]
    return JsonResponse({"figures": figures, "empty": "" if figures else why})


def _chart_sources(desk: Desk) -> list[dict[str, Any]]:
    return [
        {
            "id": feed.id,
            "name": feed.name,
            "pairs": list(feed.pairs),
            "timeframe": feed.timeframe,
            "timeframes": [
                t for t in CHART_TIMEFRAMES if timeframe_ms(t) % timeframe_ms(feed.timeframe) == 0
            ],
            "budget_s": feed.budget_s,
        }
        for feed in desk.feeds
    ]
