"""Describe the pictures: data and layout without colours.

Colours come from the page's tokens in the browser, so that light and dark hold for every picture;
each trace names its token in ``meta``. Long series are thinned to the extremes of equal stretches,
which keeps every peak and trough that can be seen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from optimizer.domain.importance import ParameterTable
from optimizer.domain.reporting import ReportCurve, ReportFold, ReportStudy
from trading.base.selectors.figures import percent_text
from trading.market.domain.bars import FloatArray, IntArray

STRETCHES: Final = 400
LINES_MAX: Final = 400
DIGITS: Final = 6
DECIMALS_MAX: Final = 300  # ten to the power of more has no float
LOG_FROM: Final = 10.0  # times the lowest equity: below, a straight scale shows more
TOKENS: Final = ("accent", "safe-down", "safe-up", "simulated", "warning")


def equity_figure(curves: Sequence[ReportCurve], quote: str) -> dict[str, Any]:
    """Return equity above drawdown for every run, beside buying and holding."""
    traces: list[dict[str, Any]] = []
    for place, curve in enumerate(curves):
        token = TOKENS[place % len(TOKENS)]
        traces += _equity_traces(curve, f"{curve.strategy} #{curve.number}", token)
    if curves:
        traces += _equity_traces(_held(curves[0]), "Buy and hold", "muted")
    return {
        "data": traces,
        "layout": {
            "xaxis": {"type": "date", "anchor": "y2", "range": _range(curves)},
            "yaxis": _equity_axis(curves, quote),
            "yaxis2": {
                "domain": [0, 0.28], "title": {"text": "drawdown"}, "ticksuffix": " %",
                "rangemode": "tozero",
            },
            "shapes": _holdout_shapes(curves),
            "annotations": _holdout_notes(curves),
        },
    }  # fmt: skip


def _equity_axis(curves: Sequence[ReportCurve], quote: str) -> dict[str, Any]:
    axis = {"domain": [0.36, 1], "separatethousands": True, "title": {"text": quote}}
    low = min((float(curve.equity.min()) for curve in curves), default=1.0)
    high = max((float(curve.equity.max()) for curve in curves), default=1.0)
    if low <= 0.0 or high / low < LOG_FROM:
        return axis
    return {**axis, "title": {"text": f"{quote}, logarithmic"}, "type": "log", "dtick": "D2"}


def trade_figure(curve: ReportCurve, quote: str) -> dict[str, Any]:
    """Return the price with the entries (filled) and exits (hollow) of one run."""
    keep = _extremes(curve.close)
    entries = [trade.entry_index for trade in curve.trades]
    exits = [trade.exit_index for trade in curve.trades]
    times = curve.time
    return {
        "data": [
            {
                "type": "scatter", "mode": "lines", "name": "Price", "meta": "muted",
                "x": _iso(times[keep]), "y": _short(curve.close[keep]), "line": {"width": 1},
            },
            {
                "type": "scatter", "mode": "markers", "name": "Entry", "meta": "safe-up",
                "x": _iso(times[entries]), "y": _short([t.entry_price for t in curve.trades]),
                "marker": {"symbol": "triangle-up", "size": 9},
            },
            {
                "type": "scatter", "mode": "markers", "name": "Exit", "meta": "safe-down",
                "x": _iso(times[exits]), "y": _short([t.exit_price for t in curve.trades]),
                "text": [percent_text(t.return_pct) for t in curve.trades],
                "hovertemplate": "%{y} " + quote + ", %{text}<extra>exit</extra>",
                "marker": {"symbol": "triangle-down-open", "size": 9, "line": {"width": 2}},
            },
        ],
        "layout": {
            "xaxis": {"type": "date", "range": _range([curve])},
            "yaxis": {"title": {"text": quote}},
            "shapes": _holdout_shapes([curve]),
            "annotations": _holdout_notes([curve]),
        },
    }  # fmt: skip


def parallel_figure(study: ReportStudy, table: ParameterTable) -> dict[str, Any]:
    """Return one line per trial through its parameters to its score and return."""
    rows = _spread(study.scores[table.places, 0])
    places = table.places[rows]
    score = study.scores[places, 0]
    gain = study.metric(study.ranking_window, "total_return_pct")[places]
    # what matters most stands next to the score, where it is seen without scrolling
    by_share = sorted(table.names, key=lambda name: (-np.nan_to_num(table.share[name]), name))
    columns = [
        (study.facts.objectives[0], score),
        ("return, %", gain),
        *((name, table.values[rows, table.names.index(name)]) for name in by_share),
    ]
    rank = np.argsort(np.argsort(score, kind="stable"), kind="stable")
    return {
        "data": [
            {
                "type": "parcoords",
                "dimensions": [
                    {"label": name, "values": _short(values)} for name, values in columns
                ],
                "line": {"color": rank.tolist()},
            }
        ],
        "layout": {},
        "note": f"{len(rows)} of {len(table.places)} complete trials, coloured by the rank of "
        "their score. Drag along an axis to select.",
    }


def importance_figure(table: ParameterTable) -> dict[str, Any]:
    """Return a bar per parameter, the most important at the top."""
    shares = sorted(table.share.items(), key=lambda item: (np.nan_to_num(item[1]), item[0]))
    return {
        "data": [
            {
                "type": "bar", "orientation": "h", "meta": "accent", "name": "share explained",
                "y": [name for name, _ in shares],
                "x": _short([share for _, share in shares]),
                "hovertemplate": "%{y}: %{x:.3f}<extra></extra>",
            }
        ],
        "layout": {
            "xaxis": {"title": {"text": "share of score ranks explained"}, "range": [0, 1]},
            "yaxis": {"automargin": True},
            "height": 90 + 26 * len(shares),
            "showlegend": False,
        },
    }  # fmt: skip


def fold_figure(folds: Sequence[ReportFold]) -> dict[str, Any]:
    """Return the return where trials were chosen beside the return where they were tested."""
    steps = [str(step) for step in range(1, len(folds) + 1)]
    strategies = [fold.strategy for fold in folds]  # too long for an axis
    named = (
        ("Where chosen", "muted", [fold.train_return_pct for fold in folds]),
        ("Where tested", "accent", [fold.test_return_pct for fold in folds]),
        ("Buy and hold, tested", "safe-down", [fold.test_hold_pct for fold in folds]),
    )
    return {
        "data": [
            {
                "type": "bar", "name": name, "meta": token, "x": steps,
                "y": _short([np.nan if value is None else value for value in values]),
                "customdata": strategies,
                "hovertemplate": "%{customdata}: %{y:.2f} %<extra>" + name.lower() + "</extra>",
            }
            for name, token, values in named
        ],
        "layout": {
            "barmode": "group", "yaxis": {"ticksuffix": " %"},
            "xaxis": {"type": "category", "title": {"text": "step"}},
        },
    }  # fmt: skip


def _equity_traces(curve: ReportCurve, name: str, token: str) -> list[dict[str, Any]]:
    depth = (curve.equity / np.maximum.accumulate(curve.equity) - 1.0) * 100.0
    keep = np.union1d(_extremes(curve.equity), _extremes(depth))
    time = _iso(curve.time[keep])
    is_reference = not curve.trades and not curve.strategy
    line = {"width": 1.2, "dash": "dot"} if is_reference else {"width": 1.6}
    shared = {"type": "scatter", "mode": "lines", "name": name, "meta": token, "x": time}
    return [
        {**shared, "y": _short(curve.equity[keep]), "legendgroup": name, "line": line},
        {
            **shared, "y": _short(depth[keep]), "yaxis": "y2", "legendgroup": name,
            "showlegend": False, "line": {**line, "width": 1},
            "hovertemplate": "%{y:.2f} %<extra>" + name + "</extra>",
        },
    ]  # fmt: skip


def _held(curve: ReportCurve) -> ReportCurve:
    held = curve.equity[0] * curve.close / curve.close[0]
    return ReportCurve(
        curve.number, "", curve.window, curve.time, held, curve.close, (), curve.holdout_from
    )


def _holdout_shapes(curves: Sequence[ReportCurve]) -> list[dict[str, Any]]:
    return [
        {
            "type": "rect", "xref": "x", "yref": "paper", "y0": 0, "y1": 1, "layer": "below",
            "x0": start, "x1": end, "line": {"width": 0}, "name": "holdout",
        }
        for start, end in _holdout_span(curves)
    ]  # fmt: skip


def _holdout_notes(curves: Sequence[ReportCurve]) -> list[dict[str, Any]]:
    return [
        {
            "xref": "x", "yref": "paper", "x": end, "y": 1, "xanchor": "right", "yanchor": "top",
            "text": "never seen by the search", "showarrow": False,
        }
        for _, end in _holdout_span(curves)
    ]  # fmt: skip


def _holdout_span(curves: Sequence[ReportCurve]) -> list[tuple[str, str]]:
    seen = [(c.holdout_from, int(c.time[-1])) for c in curves if c.holdout_from is not None]
    return [(_moment(min(seen)[0]), _moment(max(end for _, end in seen)))] if seen else []


def _range(curves: Sequence[ReportCurve]) -> list[str]:
    if not curves:
        return []
    first = min(int(curve.time[0]) for curve in curves)
    return [_moment(first), _moment(max(int(curve.time[-1]) for curve in curves))]


def _extremes(values: FloatArray) -> IntArray:
    """Return the places of the lowest and highest value of each of ``STRETCHES`` stretches."""
    n = values.shape[0]
    if n <= 2 * STRETCHES:
        return np.arange(n)
    edges = np.linspace(0, n, STRETCHES + 1).astype(np.int64)
    low, high = _lowest(values, edges), _lowest(-values, edges)
    return np.unique(np.concatenate(([0, n - 1], low, high)))


def _lowest(values: FloatArray, edges: IntArray) -> IntArray:
    """Return the first place of the lowest value of every stretch between ``edges``."""
    starts = edges[:-1]
    lowest = np.repeat(np.minimum.reduceat(values, starts), np.diff(edges))
    places = np.flatnonzero(values == lowest)
    found: IntArray = places[np.searchsorted(places, starts)]
    return found


def _spread(score: FloatArray) -> IntArray:
    """Return at most ``LINES_MAX`` places: the better half of them best, the rest evenly drawn."""
    order = np.argsort(-score, kind="stable")
    if order.shape[0] <= LINES_MAX:
        return np.sort(order)
    top, rest = order[: LINES_MAX // 2], order[LINES_MAX // 2 :]
    drawn = rest[np.linspace(0, rest.shape[0] - 1, LINES_MAX // 2).astype(np.int64)]
    return np.sort(np.concatenate((top, drawn)))


def _short(values: Any) -> list[float | None]:
    """Return the numbers rounded to ``DIGITS`` significant digits, None for what is not finite."""
    numbers = np.array(values, dtype=np.float64)
    is_sized = np.isfinite(numbers) & (numbers != 0.0)
    size = np.log10(np.abs(numbers), out=np.zeros_like(numbers), where=is_sized)
    decimals = np.minimum(DIGITS - 1 - np.floor(size).astype(np.int64), DECIMALS_MAX)
    for places in np.unique(decimals).tolist():
        is_own = decimals == places
        numbers[is_own] = np.round(numbers[is_own], places)
    if np.isfinite(numbers).all():
        return [*numbers.tolist()]
    return [value if math.isfinite(value) else None for value in numbers.tolist()]


def _iso(times: IntArray) -> list[str]:
    texts: list[str] = np.datetime_as_string(times.astype("datetime64[ms]"), unit="m").tolist()
    return texts


def _moment(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M")
