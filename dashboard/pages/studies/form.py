"""The form that starts a study: what may be chosen, and what was asked for as a request.

Values are read and checked by the services that read and check the command's; the form says which
field each is typed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from django.http import QueryDict

from dashboard.optimizer.objectives import objective_meaning
from optimizer import bootstrap
from optimizer.domain.metrics import FillModel
from optimizer.domain.objectives import OBJECTIVES
from optimizer.domain.search.samplers import COSTS
from optimizer.domain.study.data import search_stop
from optimizer.domain.systems import EXTRAS, SYSTEMS
from optimizer.services.studies.open.problems import InvalidRequestError, Problems
from optimizer.services.studies.open.request import (
    CELERY,
    HOLDOUT_MOST,
    LOCAL,
    StudyRequest,
    values_read,
)
from optimizer.services.studies.open.sources import Origin
from optimizer.services.studies.open.typed import amount, names, number, whole
from trading.base.domain.errors import BadInputError, TradingError
from trading.market.domain.timeframes import MS_PER_DAY
from trading.market.ports.candles import SeriesInfo
from trading.market.services.swap_costs.identity import CostsMismatchError

_DEFAULT: Final = StudyRequest()
STEERING: Final = next(iter(OBJECTIVES))
# where a value of the request is typed, if not in a field of its own name
_TYPED_IN: Final = {
    "n_trials": "trials",
    "holdout_share": "holdout_pct",
    "max_workers": "workers",
    "embargo_days": "holdout_pct",  # not asked for: it takes from the holdout, which is
}
_FOLDED: Final = ("objectives", "fill", "holdout_pct", "workers_via", "workers", "report_every")


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
    may_force: bool = False  # offered where costs were refused, not before

    @property
    def is_forced(self) -> bool:
        """Return whether costs of another market are wanted all the same."""
        return bool(self.values.get("force"))

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
            "holdout_pct", "workers_via", "workers", "report_every", "force",
        )  # fmt: skip
        values: dict[str, Any] = {name: post.get(name, "").strip() for name in names}
        for name in ("strategies", "objectives"):
            values[name] = post.getlist(name)
        return cls(values, may_force=bool(values["force"]))

    def study(self) -> tuple[StudyRequest, Origin]:
        """Return what was asked for, on which candles.

        Raises:
            InvalidRequestError: with all that is wrong.
        """
        problems, origin = Problems(), Origin()
        values = values_read(self._reads(), problems)
        with problems.at("costs"):
            _costs_check()
        with problems.at("candles"):
            info = self._series()
            if "holdout_share" in values:
                search_stop(info.rows, values["holdout_share"])
            origin = Origin(info.key.venue, info.key.pair, info.key.timeframe)
        problems.settle()
        return StudyRequest(**values), origin

    def _reads(self) -> dict[str, Callable[[], Any]]:
        v = self.values
        others = [name for name in v["objectives"] if name != v["steering"]]
        workers = v["workers"]
        return {
            "strategies": lambda: tuple(v["strategies"]),
            "objectives": lambda: (v["steering"], *others),
            "windows": partial(names, v["windows"]),
            "n_trials": partial(whole, "trials", v["trials"]),
            "trade_size": partial(amount, "trade size", v["trade_size"]),
            "sampler": lambda: v["sampler"],
            "seed": partial(whole, "seed", v["seed"]),
            "fill": lambda: v["fill"],
            "holdout_share": partial(_holdout_share, v["holdout_pct"]),
            "workers_via": lambda: v["workers_via"],
            "max_workers": lambda: whole("workers", workers) if workers else None,
            "report_every": partial(whole, "report every", v["report_every"] or "0"),
        }

    def _series(self) -> SeriesInfo:
        chosen = self.values["candles"]
        for info in bootstrap.candle_series():
            if _value(info) == chosen:
                return info
        raise BadInputError(f"candles were {chosen!r}; choose a stored series")

    def refuse(self, error: TradingError) -> None:
        """Put what is wrong beside the fields it is typed in, anything else above the form."""
        if isinstance(error, CostsMismatchError):
            self.errors["costs"] = str(error)
            self.may_force = True
            return
        if not isinstance(error, InvalidRequestError):
            self.errors["form"] = str(error)
            return
        for name, sentence in error.problems.items():
            self.errors[_TYPED_IN.get(name, name)] = sentence

    @property
    def is_wrong_inside(self) -> bool:
        """Whether something is wrong in the part that is folded at first."""
        return any(name in self.errors for name in _FOLDED)


def _holdout_share(typed: str) -> float:
    """Return the share of a percentage; a refusal says percent, as the field does."""
    percent = number("holdout", typed)
    if not 0.0 <= percent <= 100 * HOLDOUT_MOST:
        raise BadInputError(f"holdout was {typed} %; expected 0 to {100 * HOLDOUT_MOST:g}")
    return percent / 100


def _costs_check() -> None:
    """Refuse to search without swap costs.

    The command measures them first; that takes minutes, which nobody waits for in a browser.
    """
    costs = bootstrap.swap_cost_state()
    if costs.n_rungs == 0:
        raise BadInputError(costs.warning)


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
