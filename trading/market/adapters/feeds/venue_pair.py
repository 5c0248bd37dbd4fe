"""One pair of a followed venue: ask for its bars, remember them, and judge what the venue says.

Every pair is asked on its own, so that one that hangs, fails or is gone holds up no other. What a
venue says about a pair concerns that pair alone and is believed when it is said twice; the pair is
then set aside and asked for again later, for as long as the feed runs.
"""

from __future__ import annotations

import math
from typing import Final

from trading.base.domain.errors import (
    BadInputError,
    CorruptMarketDataError,
    RateLimitedError,
    UnknownPairError,
    VenueError,
)
from trading.base.domain.events import PAIR_BROKE
from trading.base.ports.clock import Clock
from trading.base.services.event_log import EventLog
from trading.market.domain.bars import Bar
from trading.market.domain.series.door import RefusedBar
from trading.market.domain.timeframes import floor_open
from trading.market.ports.candles import CandlePage, FollowedSource
from trading.market.ports.feeds import PairNews, PairState

_log = EventLog(__name__)

OVERLAP_BARS: Final = 3
PAGE_BARS: Final = 500
PAGES_MAX: Final = 40  # per round; a longer absence is caught up over several rounds
SETTLE_MS: Final = 1_000  # venues still write a bar in the second after its close
AGAIN_S: Final = 1.0  # after a failure, and for a bar that should be there; doubled each time
AGAIN_MAX_S: Final = 30.0
HOLES_ASKED: Final = 3  # times, in as many questions
DENIALS_BELIEVED: Final = 2
DENIAL_AGAIN_S: Final = 11.0  # longer than a list of markets counts as fresh
ASIDE_FIRST_S: Final = 60.0
ASIDE_MAX_S: Final = 900.0
_REFUSALS_KEPT: Final = 1_000


class FollowedPair:
    """What is known of one pair.

    Attributes:
        bars: closed ones by open time, as the venue last told them; the newest passed ones too.
        last: open time of its last published bar, None before the first.
        frontier: open time of the feed's last published bar.
        live: its first bar that is no warm-up.
        again: bars of passed times that are new or changed, to be handed on.
        refused: rows set aside, to be handed on.
        forming: the bar now forming, as the venue last told it.
        reach: the venue has told everything before this time, ms UTC.
        newest: open time of the newest closed bar, -1 before the first.
        next_ask: monotonic seconds.
        n_failures: in a row.
        is_heard: a page of the question under way has come.
        was_missing: it had no bar when the last bar time was published without it.
    """

    def __init__(self, pair: str, *, timeframe: str, step_ms: int, source: FollowedSource) -> None:
        self.pair = pair
        self._timeframe = timeframe
        self._step = step_ms
        self._source = source
        self.bars: dict[int, Bar] = {}
        self.last: int | None = None
        self.frontier = -1
        self.live = 0
        self.again: list[Bar] = []
        self.refused: list[RefusedBar] = []
        self.forming: Bar | None = None
        self.reach = -1
        self.newest = -1
        self.next_ask = -math.inf
        self.n_failures = 0
        self.is_heard = False
        self.was_missing = False
        self._n_denials = 0
        self._n_empty = 0
        self._answered_ms: int | None = None
        self._reason = ""
        self._late: set[int] = set()  # bars of passed times that were handed on
        self._holes: dict[int, int] = {}  # missing bars, and how often they were asked for again
        self._refused_once: dict[tuple[int, str], None] = {}

    @property
    def is_aside(self) -> bool:
        """Whether the venue said often enough that there is no such pair."""
        return self._n_denials >= DENIALS_BELIEVED

    @property
    def is_troubled(self) -> bool:
        """Whether its last request failed."""
        return self.n_failures > 0 or self._n_denials > 0

    def news(self, now_s: float) -> PairNews:
        """Return how it is followed; ``now_s`` is monotonic."""
        if self.is_aside:
            state = PairState.SET_ASIDE
        elif self.is_troubled or self._source.on_wire_s(self.pair) > AGAIN_MAX_S:
            state = PairState.FAILING
        elif self._answered_ms is None:
            state = PairState.WAITING
        else:
            state = PairState.SILENT if self.was_missing else PairState.FOLLOWED
        retry_s = max(0.0, self.next_ask - now_s) if self.is_aside else None
        return PairNews(state, self._reason, self._answered_ms, retry_s)

    async def ask(self, begin: int, clock: Clock) -> bool:
        """Ask the venue for everything after the last bar; return whether it answered.

        Args:
            begin: first open time wanted at all.
            clock: for the time of the next question.

        Raises:
            BadInputError: not about this pair: a person must mend something.
            RateLimitedError: the venue wants silence.
        """
        self.is_heard = False
        try:
            await self._ask(begin)
        except UnknownPairError as error:
            self._deny(error, clock.monotonic())
            return False
        except (BadInputError, RateLimitedError):
            raise
        except (VenueError, CorruptMarketDataError, OSError) as error:
            self._fail(f"{error}" or type(error).__name__, clock.monotonic())
            return False
        except Exception as error:  # noqa: BLE001 - said with its trace, tried again
            _log.say(PAIR_BROKE, error=error, pair=self.pair)
            self._fail(f"{type(error).__name__}: {error}", clock.monotonic())
            return False
        self.n_failures = self._n_denials = 0
        self._reason = ""
        self._answered_ms = self._source.now().now_ms
        return True

    def venue_is_back(self, now_s: float) -> None:
        """Be asked at once: what failed was the venue, and nothing is known of this pair yet."""
        self.n_failures, self._reason = 0, self._reason if self._n_denials else ""
        self.next_ask = min(self.next_ask, now_s)

    def doubt_denials(self) -> None:
        """Believe no longer that there is no such pair: the venue said so of all, and was wrong."""
        self._n_denials, self._reason = 0, ""

    def plan(self, now_s: float, *, poll_s: float, close_in_s: float, is_complete: bool) -> None:
        """Say when to ask next after an answer.

        Args:
            now_s: monotonic.
            poll_s: usual distance of questions.
            close_in_s: until the next bar has closed and settled.
            is_complete: the bar that closed last is there.
        """
        self._n_empty = 0 if is_complete or self.was_missing else self._n_empty + 1
        wait_s = poll_s
        if self._n_empty:
            wait_s = min(poll_s, AGAIN_S * 2.0 ** (self._n_empty - 1))
        if wait_s > close_in_s - 0.25 * poll_s:
            wait_s = close_in_s  # the question at the close is the one that counts
        self.next_ask = now_s + wait_s

    def stand(self, last: int | None, live: int, frontier: int) -> None:
        """Take note of where the feed is; bars that were passed over are handed on beside it."""
        self.last, self.live, self.frontier = last, live, frontier
        if last is None:
            return
        for time in self.bars:
            if max(last + 1, live) <= time <= frontier and time not in self._late:
                self._late.add(time)
                self.again.append(self.bars[time])

    async def _ask(self, begin: int) -> None:
        self._prune()
        closed_until = floor_open(self._source.now().now_ms - SETTLE_MS, self._step)
        back = OVERLAP_BARS * self._step
        since = begin if self.last is None else self.last + self._step - back
        self.reach = min(self.reach, closed_until)  # the venue's clock may have been set back
        if self.reach > 0:
            since = max(since, self.reach - back)
        since = max(begin, since)
        self.reach = max(self.reach, await self._pages(since, closed_until))
        # before its first bar nothing is missing: the venue may not have had the pair yet
        start = self.last if self.last is not None else min(self.bars, default=None)
        if start is not None:
            await self._fill_holes(start + self._step)

    async def _pages(self, since: int, until: int) -> int:
        """Take over bars from ``since`` to ``until`` (excluded); return how far they reach."""
        for _ in range(PAGES_MAX):
            if since >= until:
                break
            limit = min(PAGE_BARS, (until - since) // self._step + 2)
            page = await self._source.fetch(self.pair, self._timeframe, since_ms=since, limit=limit)
            self.is_heard = True
            self._refuse(page)
            forming = floor_open(self._source.now().now_ms, self._step)
            for bar in page.bars:
                if since <= bar.open_time < until:
                    self._take(bar)
                elif bar.open_time == forming:
                    self.forming = bar
            since = max(page.until_ms, since + self._step)
        return min(since, until)

    async def _fill_holes(self, start: int) -> None:
        """Ask again for what is missing up to the newest bar: an answer may have been half of one.

        The newest bars are asked for with every question anyway, older ones only here.
        """
        for time in range(start, self.newest, self._step):
            if time not in self.bars:
                self._holes.setdefault(time, 0)
        self._holes = {time: n for time, n in self._holes.items() if time not in self.bars}
        recent = self.newest - OVERLAP_BARS * self._step
        due = [t for t, n in self._holes.items() if n < (1 if t >= recent else HOLES_ASKED)]
        if due:
            # counted before: a venue may fail for what is old, and that must end too
            self._holes |= {time: self._holes[time] + 1 for time in due}
            await self._pages(min(due), max(due) + self._step)

    def _take(self, bar: Bar) -> None:
        time, before = bar.open_time, self.bars.get(bar.open_time)
        self.newest = max(self.newest, time)
        self.bars[time] = bar
        if self._is_passed(time) and (before is None or not bar.says_as(before)):
            self._late.add(time)
            self.again.append(bar)

    def _is_passed(self, time: int) -> bool:
        """Return whether what comes for that time is late, or a correction."""
        if self.last is None:
            return False
        return time <= self.last or (self.live <= time <= self.frontier)

    def _prune(self) -> None:
        """Forget what is past every correction."""
        if self.last is not None:
            edge = min(self.last, self.frontier) - 2 * OVERLAP_BARS * self._step
            done = {t for t, n in self._holes.items() if t <= edge and n >= HOLES_ASKED}
            done |= self.bars.keys()  # filled; looked for again they would be missing
            self._holes = {t: n for t, n in self._holes.items() if t not in done}
            self._late = {t for t in self._late if t > edge}
            self.bars = {t: bar for t, bar in self.bars.items() if t > edge}

    def _refuse(self, page: CandlePage) -> None:
        for item in page.refused:
            key = (item.open_time, item.reason.value)
            if key not in self._refused_once:
                self._refused_once[key] = None
                self.refused.append(item)
        for key in list(self._refused_once)[:-_REFUSALS_KEPT]:
            del self._refused_once[key]

    def _deny(self, error: UnknownPairError, now_s: float) -> None:
        self._n_denials += 1
        self._reason = str(error)
        if self.is_aside:
            times = self._n_denials - DENIALS_BELIEVED
            self.next_ask = now_s + min(ASIDE_MAX_S, ASIDE_FIRST_S * 2.0 ** min(times, 10))
        else:
            self.next_ask = now_s + DENIAL_AGAIN_S

    def _fail(self, reason: str, now_s: float) -> None:
        self.n_failures += 1
        self._reason = reason
        self.next_ask = now_s + min(AGAIN_MAX_S, AGAIN_S * 2.0 ** min(self.n_failures - 1, 10))
