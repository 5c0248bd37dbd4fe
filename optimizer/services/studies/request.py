"""Say what a study shall do, and check all of it before anything is written."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from optimizer.domain.metrics import FillModel
from optimizer.domain.objectives import objectives_parse
from optimizer.domain.periods import windows_parse
from optimizer.domain.search.samplers import SAMPLERS
from optimizer.domain.search.space import Space
from optimizer.domain.study.schedule import Schedule, batch_size_choose
from optimizer.domain.systems import systems_parse
from optimizer.models.trials import TRIAL_SPACE
from trading.domain.errors import BadInputError

LOCAL: Final = "local"
CELERY: Final = "celery"
MOST_WORKERS: Final = 512
_SEEDS: Final = 2**63
_LARGEST_SIZE: Final = Decimal(10) ** 15


@dataclass(frozen=True, slots=True)
class StudyRequest:
    """What a person asks for; everything a study does follows from this and its data.

    Attributes:
        strategies, objectives: names, or ``all`` alone; the first objective steers.
        windows: labels in any order; they are searched shortest first.
        trade_size: cash at the start, quote.
        sampler: see ``optimizer.domain.search.samplers``.
        fill: value of a ``FillModel``.
        warm_up_bars: bars before a window that indicators may see.
        prune_share: of the trials given up after an early window, 0 to 0.5.
        holdout_share: newest part of the bars that the search never sees, 0 to 0.5.
        embargo_days: between a part chosen on and a part tested on.
        report_every: trials between two reports on the way, 0 for none.
        workers_via: ``local`` or ``celery``.
        max_workers: processes; None takes ``cpu_fraction`` of the cores.
    """

    strategies: tuple[str, ...] = ("all",)
    objectives: tuple[str, ...] = ("all",)
    windows: tuple[str, ...] = ("30d", "90d", "1y")
    n_trials: int = 2000
    trade_size: Decimal = Decimal(1000)
    sampler: str = "cmaes"
    seed: int = 7
    fill: str = FillModel.NEXT_OPEN.value
    warm_up_bars: int = 0
    prune_share: float = 0.1
    holdout_share: float = 0.2
    embargo_days: float = 1.0
    report_every: int = 0
    workers_via: str = LOCAL
    max_workers: int | None = None
    cpu_fraction: float = 0.9


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """A checked request in the form a study stores."""

    strategies: tuple[str, ...]
    objectives: tuple[str, ...]
    windows: tuple[str, ...]
    n_trials: int
    settings: dict[str, Any]


def request_check(request: StudyRequest) -> StudyPlan:
    """Return the request with names resolved and windows in order.

    Raises:
        BadInputError: a name is unknown or a number out of range; the message says which.
    """
    _numbers_check(request)
    systems = systems_parse(request.strategies)
    spaces = tuple(Space.of(s.name, s.strategy.params) for s in systems)
    windows = sorted(windows_parse(request.windows), key=lambda w: w.days or math.inf)
    n_searched = sum(1 for space in spaces if space.dim)
    batch_size = batch_size_choose(request.n_trials, n_searched)
    schedule = Schedule(spaces, request.n_trials, batch_size)
    return StudyPlan(
        strategies=tuple(system.name for system in systems),
        objectives=objectives_parse(request.objectives),
        windows=tuple(window.label for window in windows),
        n_trials=schedule.total,
        settings={
            "batch_size": batch_size,
            "prune_share": request.prune_share,
            "holdout_share": request.holdout_share,
            "embargo_days": request.embargo_days,
            "warm_up_bars": request.warm_up_bars,
            "report_every": request.report_every,
            "workers_via": request.workers_via,
            "max_workers": request.max_workers,
            "cpu_fraction": request.cpu_fraction,
        },
    )


def _numbers_check(request: StudyRequest) -> None:
    _within("trials", request.n_trials, 1, TRIAL_SPACE - 1)
    _within("trade size", request.trade_size, Decimal("1e-6"), _LARGEST_SIZE)
    _within("seed", request.seed, 0, _SEEDS - 1)
    _within("warm-up bars", request.warm_up_bars, 0, 10**7)
    _within("prune share", request.prune_share, 0.0, 0.5)
    _within("holdout share", request.holdout_share, 0.0, 0.5)
    _within("embargo days", request.embargo_days, 0.0, 365.0)
    _within("report every", request.report_every, 0, TRIAL_SPACE)
    _one_of("sampler", request.sampler, SAMPLERS)
    _one_of("fill", request.fill, tuple(fill.value for fill in FillModel))
    workers_check(request.workers_via, request.max_workers, request.cpu_fraction)


def workers_check(
    workers_via: str = LOCAL, max_workers: int | None = None, cpu_fraction: float = 1.0
) -> None:
    """Refuse workers that cannot be.

    Raises:
        BadInputError: a value is unknown or out of range; the message says which.
    """
    _one_of("workers via", workers_via, (LOCAL, CELERY))
    if max_workers is not None:
        _within("max workers", max_workers, 1, MOST_WORKERS)
    if not 0.0 < cpu_fraction <= 1.0:
        raise BadInputError(f"cpu fraction was {cpu_fraction}; expected above 0, up to 1")


def _within(name: str, value: Any, low: Any, high: Any) -> None:
    if not low <= value <= high:  # also refuses what is not a number
        raise BadInputError(f"{name} was {value}; expected {low} to {high}")


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        near = difflib.get_close_matches(value, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"expected {', '.join(known)}"
        raise BadInputError(f"{name} was {value!r}; {hint}")
