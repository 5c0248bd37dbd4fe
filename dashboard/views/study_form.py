"""The form that starts a study: what may be chosen, and what was asked for as a request.

Values are checked by the service that checks the command's; the form only turns text into numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.http import QueryDict

from dashboard.payloads.objectives import objective_meaning
from optimizer import bootstrap
from optimizer.domain.metrics import FillModel
from optimizer.domain.objectives import OBJECTIVES
from optimizer.domain.search.samplers import COSTS
from optimizer.domain.systems import EXTRAS, SYSTEMS
from optimizer.services.studies.request import CELERY, LOCAL, StudyRequest
from trading.domain.errors import BadInputError
from trading.domain.market.timeframes import MS_PER_DAY
from trading.ports.candles import SeriesInfo, SeriesKey

_DEFAULT: Final = StudyRequest()
STEERING: Final = next(iter(OBJECTIVES))
# the first words of a refusal name the value; the form shows it where the value was typed
_FIELD_OF: Final = {
    "candles": "candles", "strategy": "strategies", "no strategy": "strategies",
    "objective": "objectives", "no objective": "objectives", "window": "windows",
    "no window": "windows", "trials": "trials", "trade size": "trade_size", "seed": "seed",
    "sampler": "sampler", "fill": "fill", "holdout": "holdout_pct", "swap costs": "costs",
    "workers": "workers", "max workers": "workers", "report every": "report_every",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Series:
    """A stored series as a choice."""

    value: str
    label: str


@dataclass(slots=True)
class StudyForm:
    """What stands in the form: defaults at first, then what was typed, with what was wrong."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def fresh(cls) -> StudyForm:
        """Return the form with its defaults."""
        series = series_list()
        return cls(
            {
                "candles": series[0].value if series else "",
                "strategies": [name for name in SYSTEMS if name not in EXTRAS],
                "steering": STEERING,
                "objectives": list(OBJECTIVES),
                "windows": ",".join(_DEFAULT.windows),
                "sampler": _DEFAULT.sampler,
                "trials": str(_DEFAULT.n_trials),
                "trade_size": str(_DEFAULT.trade_size),
                "seed": str(_DEFAULT.seed),
                "fill": _DEFAULT.fill,
                "holdout_pct": f"{100 * _DEFAULT.holdout_share:g}",
                "workers_via": _DEFAULT.workers_via,
                "workers": "",
                "report_every": str(_DEFAULT.report_every),
            }
        )

    @classmethod
    def typed(cls, post: QueryDict) -> StudyForm:
        """Return the form as it was sent."""
        names = (
            "candles", "steering", "windows", "sampler", "trials", "trade_size", "seed", "fill",
            "holdout_pct", "workers_via", "workers", "report_every",
        )  # fmt: skip
        values: dict[str, Any] = {name: post.get(name, "").strip() for name in names}
        for name in ("strategies", "objectives"):
            values[name] = post.getlist(name)
        return cls(values)

    def request(self) -> StudyRequest:
        """Return what was asked for.

        Raises:
            BadInputError: a number is none; the message names the value.
        """
        v = self.values
        others = [name for name in v["objectives"] if name != v["steering"]]
        workers = v["workers"]
        return StudyRequest(
            strategies=tuple(v["strategies"]),
            objectives=(v["steering"], *others),
            windows=tuple(part.strip() for part in v["windows"].split(",") if part.strip()),
            n_trials=_whole("trials", v["trials"]),
            trade_size=_decimal("trade size", v["trade_size"]),
            sampler=v["sampler"],
            seed=_whole("seed", v["seed"]),
            fill=v["fill"],
            holdout_share=float(_decimal("holdout", v["holdout_pct"])) / 100,
            workers_via=v["workers_via"],
            max_workers=_whole("workers", workers) if workers else None,
            report_every=_whole("report every", v["report_every"] or "0"),
        )

    def series(self) -> SeriesKey:
        """Return which candles were chosen.

        Raises:
            BadInputError: none, or something that is not stored.
        """
        chosen = self.values["candles"]
        for info in bootstrap.candle_series():
            if _value(info) == chosen:
                return info.key
        raise BadInputError(f"candles were {chosen!r}; choose a stored series")

    def refuse(self, message: str) -> None:
        """Put a refusal beside the field its first words name, else above the form."""
        for words, name in _FIELD_OF.items():
            if message.startswith(words):
                self.errors[name] = message
                return
        self.errors["form"] = message


def series_list() -> list[Series]:
    """Return the stored series to choose from, the longest first."""
    infos = sorted(bootstrap.candle_series(), key=lambda info: -(info.last_open - info.first_open))
    return [Series(_value(info), _label(info)) for info in infos]


def choices() -> Mapping[str, Any]:
    """Return everything that may be chosen, with what it means or costs."""
    return {
        "series": series_list(),
        "systems": [(name, name in EXTRAS) for name in SYSTEMS],
        "objectives": [(name, objective_meaning(name)) for name in OBJECTIVES],
        "samplers": list(COSTS.items()),
        "fills": [fill.value for fill in FillModel],
        "workers": [(LOCAL, "this machine"), (CELERY, "all Celery workers")],
    }


def _value(info: SeriesInfo) -> str:
    return f"{info.key.venue} {info.key.pair} {info.key.timeframe}"


def _label(info: SeriesInfo) -> str:
    days = (info.last_open - info.first_open) // MS_PER_DAY
    return f"{info.key.pair} {info.key.timeframe}, {info.key.venue}, {days:,} days"


def _whole(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BadInputError(f"{name} was {text!r}; expected a whole number") from None


def _decimal(name: str, text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise BadInputError(f"{name} was {text!r}; expected a number") from None
    if not value.is_finite():
        raise BadInputError(f"{name} was {text!r}; expected a number")
    return value
