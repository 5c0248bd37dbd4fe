"""Load what a study is made on, when it is opened and whenever it goes on, and notice changes.

A stored series may grow while a study rests: only the bars the study was opened with are loaded
again. A file or a cost cache that was changed is refused, because its trials cannot be compared
with those already stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from optimizer.domain.study.data import StudyData
from optimizer.models import Study
from optimizer.selectors.costs import COSTS_KEY
from optimizer.services.reports.build import ReportSource
from optimizer.services.studies.refusals import DataChangedError
from trading.base.domain.errors import BadInputError
from trading.market.domain.bars import BarArrays
from trading.market.domain.instruments import SIMULATED_VENUE
from trading.market.domain.timeframes import timeframe_ms, timeframe_name
from trading.market.services.swap_costs.cache import SwapCostCache

_FILE_NAME: Final = re.compile(r"([a-z0-9]+)_([A-Za-z0-9]+)-([A-Za-z0-9]+)_([1-9]\d{0,3}[mhd])")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where candles and costs come from; plain values, stored with the study.

    Attributes:
        venue, pair, timeframe: of the series; of a file as far as its name says, the timeframe
            only where its bars agree.
        file: absolute path; empty for a stored series.
        swap_costs: absolute path; empty for the desk's cache.
        first_ms, last_ms: open times of the first and last bar, None before they were loaded.
    """

    venue: str = ""
    pair: str = ""
    timeframe: str = ""
    file: str = ""
    swap_costs: str = ""
    first_ms: int | None = None
    last_ms: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "venue", self.venue.strip().lower())
        if self.timeframe:
            object.__setattr__(self, "timeframe", timeframe_name(self.timeframe))

    @classmethod
    def of(cls, study: Study) -> Origin:
        """Return what ``as_dict`` stored with a study."""
        known = cls.__dataclass_fields__
        return cls(**{name: value for name, value in study.source.items() if name in known})

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class SourceReaders:
    """What reads candles and costs.

    Attributes:
        stored: the bars of a stored series from one open time to another, both included.
        file: the bars of a file and their length, ms; the timeframe may be empty.
        costs: the cache of a file, the desk's for None.
    """

    stored: Callable[[Origin], tuple[BarArrays, int]]
    file: Callable[[Path, str | None], tuple[BarArrays, int]]
    costs: Callable[[Path | None], SwapCostCache]


class Loaded(NamedTuple):
    """Candles and costs, the origin with all that is known about it, and the costs' cache."""

    source: ReportSource
    origin: Origin
    cache: SwapCostCache


def source_load(origin: Origin, readers: SourceReaders) -> Loaded:
    """Return candles and costs, and what is known about them.

    Raises:
        BadInputError: the origin is incomplete, or what it names cannot be read.
    """
    if origin.file:
        bars, step_ms = readers.file(Path(origin.file), origin.timeframe or None)
        named = file_origin(Path(origin.file))
        if named.pair and not origin.pair:
            timeframe = origin.timeframe or _timeframe_if_so(named, step_ms)
            origin = replace(origin, venue=named.venue, pair=named.pair, timeframe=timeframe)
    elif origin.venue and origin.pair and origin.timeframe:
        bars, step_ms = readers.stored(origin)
    else:
        raise BadInputError("no candles: give --candles-file, or --venue, --pair and --timeframe")
    if not len(bars):
        raise BadInputError(f"{_market(origin)} holds no bars")
    cache = readers.costs(Path(origin.swap_costs) if origin.swap_costs else None)
    times = bars.open_time
    origin = replace(origin, first_ms=int(times[0]), last_ms=int(times[-1]))
    _, _, quote = origin.pair.partition("/")
    data = StudyData(bars, step_ms, cache.schedule)
    return Loaded(ReportSource(data, _market(origin), quote or "quote"), origin, cache)


def simulated_warnings(venue: str) -> tuple[str, ...]:
    """Return what has to be known of candles of this venue before results are believed."""
    if venue.strip().lower() != SIMULATED_VENUE:
        return ()
    return (
        "the candles are simulated: nobody ever traded at these prices, and what is found on them "
        "says nothing about any market",
    )


def file_origin(path: Path) -> Origin:
    """Return what the name of a candle file says, as ``pulsex_PDAI-DAI_5m``; maybe nothing."""
    found = _FILE_NAME.fullmatch(path.stem)
    if found is None:
        return Origin()
    venue, base, quote, timeframe = found.groups()
    return Origin(venue=venue, pair=f"{base}/{quote}", timeframe=timeframe)


def _timeframe_if_so(named: Origin, step_ms: int) -> str:
    # the file is read again by what is kept here: a name that lies would refuse its own bars
    return named.timeframe if timeframe_ms(named.timeframe) == step_ms else ""


def _market(origin: Origin) -> str:
    if origin.pair:
        return f"{origin.venue} {origin.pair} {origin.timeframe}".rstrip()
    return Path(origin.file).name


def study_source_load(study: Study, readers: SourceReaders) -> ReportSource:
    """Return the candles and costs a study was opened with.

    Raises:
        BadInputError: they cannot be read any more.
        DataChangedError: they are not the same; the message names both digests.
    """
    source, _, cache = source_load(Origin.of(study), readers)
    _costs_same(study, str(cache.identity))
    found = {"candles": source.data.data_digest(), "swap costs": source.data.cost_digest()}
    known = {"candles": study.data_digest, "swap costs": study.cost_digest}
    for name, digest in found.items():
        if digest != known[name]:
            raise DataChangedError(
                f"the {name} of study {study.pk} have changed: their digest is {digest[:16]}, "
                f"the study was opened with {known[name][:16]}; put them back or open a new study"
            )
    return source


def _costs_same(study: Study, of: str) -> None:
    """Refuse costs that are said to be of another market than when the study was opened."""
    known = study.source.get(COSTS_KEY, {}).get("of", of)
    if known != of:
        raise DataChangedError(
            f"the swap costs of study {study.pk} are of {of}, the study was opened with those of "
            f"{known}; put them back or open a new study"
        )
