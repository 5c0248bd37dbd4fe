"""Write values in templates the way every page writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.optimizer import days
from optimizer.domain.study.stretches import Stretches
from trading.base.selectors import figures
from trading.desk.selectors.feeds import FeedView

register = template.Library()

register.filter("count", figures.count_text)
register.filter("price", figures.price_text)
register.filter("duration", figures.duration_text)


def _is_missing(value: Any) -> bool:
    # templates hand an empty text to filters where a mapping has no such key
    return value is None or value == ""


@register.filter
def amount(value: Decimal | float | None, currency: str) -> str:
    """Return an amount with its currency."""
    return figures.amount_text(value, currency)


@register.filter
def gain(value: Decimal | float | None, currency: str) -> str:
    """Return an amount with sign and currency."""
    return figures.amount_text(value, currency, signed=True)


@register.filter
def quantity(value: Decimal | float | None, currency: str = "") -> str:
    """Return a quantity with its currency."""
    return figures.quantity_text(value, currency)


@register.filter
def percent(value: Any) -> str:
    """Return a percentage with its sign."""
    return figures.MISSING if _is_missing(value) else figures.percent_text(value)


@register.filter
def share(value: float | None) -> str:
    """Return a percentage without sign or decimals."""
    return figures.percent_text(value, 0, signed=False)


@register.filter
def whole_share(value: float | None) -> str:
    """Return a percentage without sign and with the digits it has, as an order is written."""
    text = figures.quantity_text(None if value is None else float(f"{value:.6g}"))
    return text if text == figures.MISSING else f"{text}{figures.GROUP}%"


@register.filter
def plain(value: Any, places: int = 4) -> str:
    """Return a bare number."""
    return figures.MISSING if _is_missing(value) else figures.plain_text(value, places)


@register.filter
def score(value: Any) -> str:
    """Return a score with about five significant digits, whatever its size."""
    return figures.MISSING if _is_missing(value) else figures.quantity_text(float(f"{value:.5g}"))


@register.filter
def hundredfold(value: Any) -> float | None:
    """Return a share of one as percent."""
    return None if _is_missing(value) else 100.0 * value


@register.filter
def dash(text: str) -> str:
    """Return a dash for a value that is missing from a table."""
    return "–" if text == figures.MISSING else text


@register.filter
def direction(value: Any) -> str:
    """Return the class that colours a figure by its sign: up, down or flat."""
    if _is_missing(value) or value == 0:
        return "flat"
    return "up" if value > 0 else "down"


@register.filter
def words(value: str) -> str:
    """Return a code such as ``price_move`` as words."""
    return value.replace("_", " ")


@register.filter
def at(values: Mapping[int, str], key: int) -> str:
    """Return what a mapping holds under a key, nothing where it has none."""
    return values.get(key, "")


@register.filter
def some_windows(labels: Sequence[str]) -> str:
    """Return the labels of a study's windows, of very many a few and the last, which ranks."""
    shown, n_more = days.some_windows(labels)
    if not n_more:
        return ", ".join(shown)
    return f"{', '.join(shown[:-1])}, {n_more} more, and {shown[-1]}"


@register.filter
def some_days(stretches: Stretches) -> list[tuple[str, str]]:
    """Return the days of a study's windows and holdout, of very many windows a few."""
    return days.some_days(stretches)


@register.filter
def shorten(value: str, length: int = 10) -> str:
    """Return the beginning of a long id."""
    return value if len(value) <= length + 1 else f"{value[:length]}…"


@register.filter
def iso(value: datetime | None) -> str:
    """Return an aware time as ISO-8601 UTC for attributes."""
    return "" if value is None else value.astimezone(UTC).isoformat(timespec="milliseconds")


@register.filter
def as_json(value: object) -> str:
    """Return a value as JSON for an attribute; the template escapes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


@register.simple_tag
def market_time(ms: int | None, market_ms: int | None = None) -> SafeString | str:
    """Return a market time: the hour alone on the market's own day, the date with it otherwise."""
    if ms is None:
        return "n/a"
    moment = _moment(ms)
    same_day = market_ms is not None and _moment(market_ms).date() == moment.date()
    shown = moment.strftime("%H:%M") if same_day else moment.strftime("%d %b %H:%M")
    exact = moment.strftime("%Y-%m-%d %H:%M:%S UTC")
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact, shown)


@register.simple_tag
def market_age(ms: int | None, market_ms: int | None) -> SafeString | str:
    """Return how long ago that was on the market's clock, with the exact time on hover."""
    if ms is None or market_ms is None:
        return "n/a"
    moment = _moment(ms)
    shown = figures.duration_text((market_ms - ms) / 1000)
    exact = moment.strftime("%Y-%m-%d %H:%M:%S UTC")
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact, shown)


@register.simple_tag
def bar_share(value: int, largest: int, width: int = 100) -> int:
    """Return the length of a bar, at least one unit when there is anything to show."""
    return max(1, round(width * value / largest)) if largest and value else 0


@register.simple_tag
def dom_key(*parts: Any) -> str:
    """Return a stable key for one changing figure."""
    return "-".join(str(part) for part in parts)


@register.filter
def feed_title(feed: FeedView) -> str:
    """Return what a feed is and how old its newest bar may be."""
    kind = f"{feed.kind} feed of {feed.venue}, {feed.timeframe} bars"
    return f"{feed.name}: {kind}; the newest may be {figures.duration_text(feed.budget_s)} old"


@register.simple_tag
def invalid(error: str | None, described_by: str) -> SafeString:
    """Return the attributes of a field whose value was refused, nothing for others."""
    if not error:
        return SafeString("")
    return format_html('aria-invalid="true" aria-describedby="{}"', described_by)


@register.simple_tag
def field_error(error: str | None, element_id: str) -> SafeString:
    """Return what was wrong with a field, to stand beside it; nothing for others."""
    if not error:
        return SafeString("")
    words_of = f"{error[:1].upper()}{error[1:]}"
    return format_html('<span class="error" id="{}" role="alert">{}</span>', element_id, words_of)
