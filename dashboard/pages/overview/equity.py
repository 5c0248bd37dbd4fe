"""Describe pictures drawn with Plotly: data and layout, no colours.

Colours come from the page's own tokens in the browser, so that light, dark and the operator's
choice of up and down colours hold for every chart; each trace names its token in ``meta``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from trading.base.domain.currencies import currency_of
from trading.base.selectors.figures import unit_places
from trading.desk.selectors.equity import EquityCurve


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def equity_figure(curve: EquityCurve) -> dict[str, Any]:
    """Return the equity line with the savings stacked apart below it, sharing the time axis."""
    time = [_iso(int(t)) for t in curve.time]
    start, unit = float(curve.bankroll), curve.quote
    places = unit_places(currency_of(unit, curve.bankroll).unit)
    shown = f"%{{y:,.{places}f}} {unit}"
    return {
        "data": [
            {
                "type": "scatter", "mode": "lines", "name": "Equity", "meta": "accent",
                "x": time, "y": curve.equity.round(places + 4).tolist(), "line": {"width": 2},
                "hovertemplate": f"{shown}<extra>equity</extra>",
            },
            {
                "type": "scatter", "mode": "lines", "name": "Start", "meta": "muted",
                "x": [time[0], time[-1]], "y": [start, start],
                "line": {"width": 1, "dash": "dot"}, "hoverinfo": "skip",
            },
            {
                "type": "scatter", "mode": "lines", "name": "Set aside", "meta": "good",
                "x": time, "y": curve.reserved.round(places + 4).tolist(), "yaxis": "y2",
                "line": {"width": 1, "shape": "hv"}, "fill": "tozeroy",
                "hovertemplate": f"{shown}<extra>set aside</extra>",
            },
        ],
        "layout": {
            "xaxis": {"type": "date", "anchor": "y2", "title": {"text": ""}},
            "yaxis": {"domain": [0.36, 1], "title": {"text": unit}, "separatethousands": True},
            "yaxis2": {
                "domain": [0, 0.24], "rangemode": "tozero", "title": {"text": "set aside"},
                "separatethousands": True, "nticks": 3,
            },
        },
    }  # fmt: skip
