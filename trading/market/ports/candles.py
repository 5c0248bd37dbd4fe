"""Where candles come from and are kept: one series per venue, pair and timeframe, checksummed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from trading.market.domain.bars import Bar, BarArrays, FloatArray, IntArray
from trading.market.domain.instruments import Pair
from trading.market.domain.series.door import RefusedBar
from trading.market.domain.series.spans import Span
from trading.market.domain.timeframes import timeframe_name
from trading.market.domain.venue_clock import VenueTime


@dataclass(frozen=True, slots=True, order=True)
class SeriesKey:
    """Names one stored series in one way, however it was written.

    The venue is lower case, ``pair`` is BASE/QUOTE, and ``60m`` is ``1h``.

    Raises:
        BadInputError: pair or timeframe are malformed (the store checks the venue).
    """

    venue: str
    pair: str
    timeframe: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "venue", self.venue.strip().lower())
        object.__setattr__(self, "pair", str(Pair.parse(self.pair)))
        object.__setattr__(self, "timeframe", timeframe_name(self.timeframe))

    def __str__(self) -> str:
        return f"{self.venue} {self.pair} {self.timeframe}"


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """What is stored for one series; times in ms UTC, ``digest`` over the bar values.

    ``answered`` are the spans a venue has answered about, whatever it gave.
    """

    key: SeriesKey
    rows: int
    first_open: int
    last_open: int
    gaps: int
    missing_bars: int
    n_quarantined: int
    digest: str
    source: str
    answered: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class SeriesProblem:
    """One thing that is wrong in the store.

    Attributes:
        series: the series' name, or the path when the path names no series.
        problem: what is wrong, as a sentence.
        repaired: what was done about it; empty when nothing was done.
    """

    series: str
    problem: str
    repaired: str = ""


@dataclass(frozen=True, slots=True)
class RowPlaces:
    """Where a person finds the rows of a file.

    Attributes:
        word: ``line`` where an editor numbers them, blank lines counted, else ``row``.
        numbers: int64[n]; None for 1, 2, 3 and so on.
    """

    word: str = "row"
    numbers: IntArray | None = None

    def of(self, i: int) -> str:
        """Return the place of row ``i`` of the arrays, as ``line 9``."""
        return f"{self.word} {i + 1 if self.numbers is None else int(self.numbers[i])}"


@dataclass(frozen=True, slots=True)
class CandleFile:
    """The rows of a file as they stand in it, checked for shape and type but not yet for sense.

    Attributes:
        open_time: int64[n], ms UTC.
        values: float64[5, n], rows in the order of ``trading.market.domain.bars.COLUMNS``.
        places: where each row stands.
        notes: what the reader had to assume, as sentences.
    """

    open_time: IntArray
    values: FloatArray
    places: RowPlaces = field(default_factory=RowPlaces)
    notes: tuple[str, ...] = field(default=())


class CandleStore(Protocol):
    """Reads and replaces stored series."""

    def list(self) -> Sequence[SeriesInfo]:
        """Return every stored series, ordered by key."""
        ...

    def info(self, key: SeriesKey) -> SeriesInfo | None:
        """Return what is stored for the key, or None when there is nothing.

        Raises:
            BadInputError: the key is malformed, or the series is damaged.
        """
        ...

    def load(
        self, key: SeriesKey, *, start_ms: int | None = None, end_ms: int | None = None
    ) -> BarArrays:
        """Return the bars with ``start_ms <= open_time < end_ms``.

        Raises:
            BadInputError: no such series, or its checksum does not match its content.
        """
        ...

    def replace(
        self,
        key: SeriesKey,
        bars: BarArrays,
        *,
        source: str,
        answered: tuple[Span, ...] | None = None,
    ) -> SeriesInfo:
        """Store the whole series atomically; the old file stays intact when this fails.

        ``answered`` stays as it was when it is None.
        """
        ...

    def lock(self, key: SeriesKey) -> AbstractContextManager[None]:
        """Keep other writers of the series out while it is read, merged and replaced."""
        ...

    def verify(self, *, repair: bool) -> Sequence[SeriesProblem]:
        """Return everything wrong in the store; with ``repair``, mend what can be mended."""
        ...


class CandleFileReader(Protocol):
    """Reads candle files a person brings along."""

    def read(self, path: Path) -> CandleFile:
        """Return the rows of the file.

        Raises:
            BadInputError: the file cannot be read as candles; the message says why and where.
        """
        ...


@dataclass(frozen=True, slots=True)
class CandlePage:
    """One answer of a venue.

    Attributes:
        bars: possible bars on the grid, oldest first, the forming one included.
        until_ms: the answer is about ``[since_ms, until_ms)``, whatever it holds; ask on from
            there until the end of what is wanted. An answer without a bar is not the end of data:
            venues answer for a window of their own length.
        refused: rows the door set aside.
    """

    bars: Sequence[Bar]
    until_ms: int
    refused: Sequence[RefusedBar] = ()


class CandleSource(Protocol):
    """A venue that can be asked for candles."""

    async def fetch(self, pair: str, timeframe: str, *, since_ms: int, limit: int) -> CandlePage:
        """Return up to ``limit`` bars from ``since_ms`` on.

        Raises:
            UnknownPairError: the venue says it has no such pair or timeframe.
            VenueUnavailableError: try again later.
            RateLimitedError: try again after ``retry_after_s``.
        """
        ...

    def now(self) -> VenueTime:
        """Return the venue's time as it is reckoned now, without asking."""
        ...

    async def time(self) -> VenueTime:
        """Return the venue's time now: what is closed is decided by the venue's clock.

        Asked of the venue when nothing recent is known, else reckoned. A venue that tells no time
        or does not answer leaves the host's clock, and ``source`` says so.
        """
        ...

    async def close(self) -> None:
        """Release the sockets."""
        ...


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a venue treats us.

    Attributes:
        paused_s: seconds for which it wants to hear nothing.
        per_minute: requests a minute it takes, as far as is known; infinite when it is not.
        n_requests: sent so far.
        n_refusals: refused so far.
        reason: with what it asked for silence; empty when it has not.
    """

    paused_s: float
    per_minute: float
    n_requests: int
    n_refusals: int
    reason: str = ""


class FollowedSource(CandleSource, Protocol):
    """A venue that is asked again and again."""

    def state(self) -> SourceState:
        """Return how it treats us now."""
        ...

    def on_wire_s(self, pair: str) -> float:
        """Return for how long the pair's request has been without an answer; 0 when none is."""
        ...
