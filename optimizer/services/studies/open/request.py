"""Say what a study shall do, and check all of it before anything is written."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Final

from optimizer.domain.metrics import FillModel
from optimizer.domain.objectives import objectives_parse
from optimizer.domain.periods import windows_parse
from optimizer.domain.search.samplers import SAMPLERS
from optimizer.domain.search.space import Space
from optimizer.domain.study.schedule import Schedule, batch_size_choose
from optimizer.domain.systems import systems_parse
from optimizer.models.trials import TRIAL_SPACE
from optimizer.services.studies.open.problems import Problems
from optimizer.services.studies.open.typed import shortened
from trading.base.domain.errors import BadInputError

LOCAL: Final = "local"
CELERY: Final = "celery"
MOST_WORKERS: Final = 512
HOLDOUT_MOST: Final = 0.5  # of the bars
CPU_FRACTION: Final = 0.9  # of the cores, where nothing is said about workers
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
        max_workers: processes, with ``celery`` chunks in flight; None takes ``cpu_fraction`` of the
            cores, with ``celery`` all places there are.
        cpu_fraction: None takes ``CPU_FRACTION``; says nothing to ``celery`` and nothing beside
            ``max_workers``, so it is refused with either.
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
    cpu_fraction: float | None = None

    @property
    def prunes_nothing(self) -> bool:
        """Return whether trials would be given up, but never can be."""
        return self.prune_share > 0.0 and len(self.windows) == 1


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
        InvalidRequestError: names are unknown or numbers out of range; it says all that are.
    """
    values_check({field: getattr(request, field) for field in CHECKS})
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
            "cpu_fraction": request.cpu_fraction or CPU_FRACTION,
        },
    )


def values_check(values: Mapping[str, Any]) -> None:
    """Refuse values that cannot be, alone or together, all of them at once.

    Args:
        values: by field of a request, some or all.

    Raises:
        InvalidRequestError: values are unknown or out of range; it says all that are.
    """
    problems = Problems()
    values_read({field: partial(_itself, value) for field, value in values.items()}, problems)
    problems.settle()


def _itself(value: Any) -> Any:
    return value


def values_read(reads: Mapping[str, Callable[[], Any]], problems: Problems) -> dict[str, Any]:
    """Return the values that can be used; what is wrong with the others goes to ``problems``.

    Args:
        reads: by field of a request, what returns its value or refuses what was typed.
        problems: collects what is wrong.
    """
    values: dict[str, Any] = {}
    for field, read in reads.items():
        with problems.at(field):
            value = read()
            CHECKS[field](value)
            values[field] = value
    for field, other, check in _TOGETHER:
        if field in values and other in values:
            with problems.at(field):
                check(values[field], values[other])
    return values


def _within(name: str, low: Any, high: Any, value: Any) -> None:
    if not low <= value <= high:  # also refuses what is not a number
        raise BadInputError(
            f"{name} was {shortened(str(value))}; expected {low} to {high}{_percent(value, high)}"
        )


def _percent(value: Any, high: Any) -> str:
    """Return the share a percentage must have meant, as a question; empty for what is no share."""
    is_share = isinstance(high, float) and 1.0 < value <= 100 * high
    return f"; did you mean {value / 100:g}?" if is_share else ""


def _one_of(name: str, known: tuple[str, ...], value: str) -> None:
    if value not in known:
        near = difflib.get_close_matches(value, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"expected {', '.join(known)}"
        raise BadInputError(f"{name} was {shortened(value)!r}; {hint}")


def _max_workers_check(value: int | None) -> None:
    if value is not None:
        _within("max workers", 1, MOST_WORKERS, value)


def _cpu_fraction_check(value: float | None) -> None:
    if value is not None and not 0.0 < value <= 1.0:
        raise BadInputError(
            f"cpu fraction was {value}; expected above 0, up to 1{_percent(value, 1.0)}"
        )


def _trials_suffice(n_trials: int, strategies: Sequence[str]) -> None:
    n_strategies = len(systems_parse(strategies))
    if n_trials < n_strategies:
        raise BadInputError(
            f"trials were {n_trials}; {n_strategies} strategies need at least {n_strategies}, "
            "the first of each tries its defaults"
        )


def _cpu_fraction_counts(value: float | None, workers_via: str) -> None:
    if value is not None and workers_via == CELERY:
        raise BadInputError(
            f"cpu fraction was {value}; it is a share of this machine's cores and says nothing to "
            "workers via celery, max workers does"
        )


def _cpu_fraction_alone(value: float | None, max_workers: int | None) -> None:
    if value is not None and max_workers is not None:
        raise BadInputError(
            f"cpu fraction was {value} and max workers was {max_workers}; give one of them"
        )


# what a value of each field may be; a request, a form and a command line are checked by these alone
CHECKS: Final[Mapping[str, Callable[[Any], object]]] = {
    "strategies": systems_parse,
    "objectives": objectives_parse,
    "windows": windows_parse,
    "n_trials": partial(_within, "trials", 1, TRIAL_SPACE - 1),
    "trade_size": partial(_within, "trade size", Decimal("1e-6"), _LARGEST_SIZE),
    "sampler": partial(_one_of, "sampler", SAMPLERS),
    "seed": partial(_within, "seed", 0, _SEEDS - 1),
    "fill": partial(_one_of, "fill", tuple(fill.value for fill in FillModel)),
    "warm_up_bars": partial(_within, "warm-up bars", 0, 10**7),
    "prune_share": partial(_within, "prune share", 0.0, 0.5),
    "holdout_share": partial(_within, "holdout share", 0.0, HOLDOUT_MOST),
    "embargo_days": partial(_within, "embargo days", 0.0, 365.0),
    "report_every": partial(_within, "report every", 0, TRIAL_SPACE),
    "workers_via": partial(_one_of, "workers via", (LOCAL, CELERY)),
    "max_workers": _max_workers_check,
    "cpu_fraction": _cpu_fraction_check,
}
# what values may be beside others: the field to blame, the other one, and the check of both
_TOGETHER: Final[tuple[tuple[str, str, Callable[[Any, Any], object]], ...]] = (
    ("n_trials", "strategies", _trials_suffice),
    ("cpu_fraction", "workers_via", _cpu_fraction_counts),
    ("cpu_fraction", "max_workers", _cpu_fraction_alone),
)
