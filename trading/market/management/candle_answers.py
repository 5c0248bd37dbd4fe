"""Say what is stored and what a download brought, as JSON and as lines for a person."""

from __future__ import annotations

from typing import Any, Final

from trading.market.domain.instruments import SIMULATED_VENUE
from trading.market.domain.series.door import REFUSAL_TEXT, Refusal
from trading.market.domain.series.quality import Outlier
from trading.market.ports.candles import SeriesInfo
from trading.market.services.candles.downloads import Before, DownloadResult
from trading.market.services.candles.series import show

OLDER_NOT_GIVEN: Final = "older_not_given"


def series_answer(info: SeriesInfo) -> dict[str, Any]:
    """Return what is stored for one series."""
    return {
        "venue": info.key.venue,
        "pair": info.key.pair,
        "timeframe": info.key.timeframe,
        "rows": info.rows,
        "first": show(info.first_open),
        "last": show(info.last_open),
        "gaps": info.gaps,
        "missing_bars": info.missing_bars,
        "n_quarantined": info.n_quarantined,
        "digest": info.digest,
        "source": info.source,
        "is_simulated": info.key.venue == SIMULATED_VENUE,
    }


def outlier_answer(outlier: Outlier) -> dict[str, Any]:
    """Return one quarantined bar."""
    return {
        "open_time": show(outlier.open_time),
        "reason": str(outlier.rule),
        "value": outlier.value,
        "reference": outlier.reference,
    }


def download_answer(result: DownloadResult) -> dict[str, Any]:
    """Return what was asked, what exists and what is missing; an error where older is kept back."""
    answer = series_answer(result.info) | {
        "asked_from": show(result.asked[0]),
        "asked_until": show(result.asked[1]),
        "new": result.n_new,
        "replaced": result.n_replaced,
        "before_first": str(result.before),
        "missing_before": result.n_before,
        "left_out": result.refused,
        "holes_not_asked": result.n_holes_left,
        "requests": result.n_requests,
        "repeated_requests": result.n_repeated,
        "was_rewritten": result.was_rewritten,
    }
    if result.before is Before.NOT_GIVEN:
        answer |= {"error": OLDER_NOT_GIVEN, "message": download_lines(result)[0]}
    return answer


def download_lines(result: DownloadResult) -> list[str]:
    """Return what a person has to know of the download, the gravest first."""
    info, lines = result.info, []
    if result.before is not Before.NOTHING:
        why = (
            "it had trades then, but gives only newer candles of this timeframe; ask for a longer "
            "timeframe, or import a file"
            if result.before is Before.NOT_GIVEN
            else "it gives none older"
        )
        lines.append(
            f"asked from {show(result.asked[0])}, but the first bar of {info.key.venue} is of "
            f"{show(info.first_open)}, {_counted(result.n_before, 'bar')} later: {why}"
        )
    for reason, n in result.refused.items():
        what = REFUSAL_TEXT[Refusal(reason)]
        lines.append(f"{_counted(n, 'bar')} left out, each of which {what} ({reason})")
    if info.missing_bars:
        lines.append(
            f"{_counted(info.missing_bars, 'bar')} missing in {_counted(info.gaps, 'gap')} between "
            f"{show(info.first_open)} and {show(info.last_open)}"
        )
    if result.n_holes_left:
        holes = _counted(result.n_holes_left, "hole")
        lines.append(f"{holes} not asked for this time; run it again for more")
    if result.n_replaced:
        lines.append(f"{_counted(result.n_replaced, 'stored bar')} replaced by what is given now")
    return lines


def _counted(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
