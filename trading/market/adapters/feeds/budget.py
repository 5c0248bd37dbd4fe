"""Decide when the next request to a venue may leave: its own pace, its refusals, its bans.

A refusal teaches two things. A pause, as long as the venue says, else growing with every refusal
in a row; nothing is asked while it lasts. And a limit: as many requests as were sent in the second
and in the minute before it were too many. Whoever began to ask within that minute knows only the
pace at which it asked, so a refusal that soon limits the pace, not the minute's count.
Afterwards fewer are sent, and slowly more again, up to just below what was refused; what is above
that is tried rarely, in growing steps. Only the host's monotonic clock is read: the wall clock may
be set while we wait.

Source: additive increase and multiplicative decrease, as in TCP (RFC 5681), with the plateau of
CUBIC (RFC 9438) below the last known limit.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from typing import Final

from trading.base.domain.errors import RateLimitedError
from trading.base.ports.clock import Clock

BURST_S: Final = 1.5  # so much of the published pace may be used at once after a rest
PAUSE_FIRST_S: Final = 10.0  # where the venue does not say how long
PAUSE_MAX_S: Final = 900.0
PAUSE_TOLD_MAX_S: Final = 3 * 86_400.0  # as long as venues ban; a longer one is a broken header
_CUT: Final = 0.75  # share of a refused rate that is asked for next
_NEAR: Final = 0.95  # share of it that is reached again
_REGAIN_S: Final = 600.0  # in this time
_FORGET_S: Final = 900.0  # more is tried after each such time without a refusal
_MORE: Final = 1.1  # a tenth at first, then a growing share: an old refusal says little
_MOST_STEPS: Final = 30  # by then everything is allowed again
_SAME_EVENT_S: Final = 2.0  # refusals of requests that were under way together teach once
_MOST_REMEMBERED: Final = 20_000


class _Window:
    """How many requests of the last ``span_s`` seconds the venue allows, once it has told."""

    def __init__(self, span_s: float, least: int) -> None:
        self.span_s = span_s
        self._least = least
        self._refused_at: float | None = None
        self._ceiling = math.inf

    def limit(self, now_s: float) -> float:
        if self._refused_at is None:
            return math.inf
        quiet = now_s - self._refused_at
        share = _CUT + (_NEAR - _CUT) * min(1.0, quiet / _REGAIN_S)
        n = math.floor(min(quiet, _FORGET_S * _MOST_STEPS) / _FORGET_S)
        return max(self._least, self._ceiling * share * math.pow(_MORE, n * (n + 1) / 2))

    def refuse(self, now_s: float, n_sent: int, n_full: float) -> None:
        """Learn from a refusal after ``n_sent`` requests, which is as if after ``n_full``."""
        if n_sent <= self._least:
            return
        self._ceiling = min(n_full, self.limit(now_s))
        self._refused_at = now_s


class RequestBudget:
    """The requests of one venue.

    Attributes:
        counters: ``requests`` sent and ``refusals`` heard.
    """

    def __init__(self, *, clock: Clock, interval_s: float) -> None:
        """Prepare; ``interval_s`` is the venue's published pace for a request of cost 1."""
        self._clock = clock
        self._interval_s = interval_s
        self._windows = (_Window(1.0, least=2), _Window(60.0, least=6))
        self._sent: deque[float] = deque(maxlen=_MOST_REMEMBERED)
        self._next = -math.inf
        self._began = math.inf
        self._paused_s = 0.0  # in all, since then
        self._paused_until = -math.inf
        self._reason = ""
        self._taught_at = -math.inf
        self._n_in_a_row = 0
        self.counters: Counter[str] = Counter()

    @property
    def paused_s(self) -> float:
        """Return seconds for which nothing may be asked."""
        return max(0.0, self._paused_until - self._clock.monotonic())

    @property
    def reason(self) -> str:
        """Return with what the venue asked for silence, empty when it has not."""
        return self._reason if self.paused_s > 0 else ""

    def check(self) -> None:
        """Refuse to ask while the venue wants silence.

        Raises:
            RateLimitedError: it does.
        """
        left = self.paused_s
        if left > 0:
            raise RateLimitedError(self._reason, retry_after_s=left)

    async def turn(self, cost: float = 1.0) -> None:
        """Wait until a request of that cost may leave.

        Raises:
            RateLimitedError: the venue wants silence.
        """
        self.check()
        now = self._clock.monotonic()
        due = max(now, self._next - BURST_S)
        self._next = max(now, self._next) + cost * self._interval_s
        while (left := max(due, self._free_at()) - self._clock.monotonic()) > 0:
            await self._clock.sleep(left)
            self.check()
        now = self._clock.monotonic()
        self._began = min(self._began, now)
        self._sent.append(now)

    def sent(self) -> None:
        """Count a request that is leaving."""
        self.counters["requests"] += 1

    def answered(self) -> None:
        """Take note of an answer that shows that a refusal is over."""
        self._n_in_a_row = 0

    def refused(self, reason: str, *, pause_s: float | None) -> None:
        """Take note of a refusal; ``pause_s`` is what the venue asked for, None if nothing."""
        now = self._clock.monotonic()
        self.counters["refusals"] += 1
        if now - self._taught_at > _SAME_EVENT_S:
            self._n_in_a_row += 1
            self._taught_at = now
            # a second one in a row says that it is not over, and nothing of how many are too many
            for window in self._windows if self._n_in_a_row == 1 else ():
                n_sent = self._count(now, window.span_s)
                window.refuse(now, n_sent, n_sent * self._missed(now, window.span_s))
        if pause_s is None:
            pause_s = min(PAUSE_MAX_S, PAUSE_FIRST_S * 2.0 ** (self._n_in_a_row - 1))
        self.pause(reason, pause_s)

    def pause(self, reason: str, pause_s: float) -> None:
        """Ask nothing for so long."""
        now = self._clock.monotonic()
        until = now + min(pause_s, PAUSE_TOLD_MAX_S)
        if until > self._paused_until:
            self._paused_s += until - max(now, self._paused_until)
            self._paused_until, self._reason = until, reason

    def per_minute(self) -> float:
        """Return how many requests a minute can be made now."""
        now = self._clock.monotonic()
        paced = 60.0 / self._interval_s if self._interval_s > 0 else math.inf
        return min(paced, *(w.limit(now) * 60.0 / w.span_s for w in self._windows))

    def _free_at(self) -> float:
        """Return when every window has room for one more."""
        now = self._clock.monotonic()
        free = now
        if self._n_in_a_row and self._sent:
            free = max(free, self._sent[-1] + _SAME_EVENT_S)  # one asks whether it is over
        for window in self._windows:
            limit = window.limit(now)
            if self._count(now, window.span_s) >= limit:
                free = max(free, self._sent[-int(limit)] + window.span_s)
        return free

    def _missed(self, now: float, span_s: float) -> float:
        """Return how many times more a whole window would have held, 1 once there was one."""
        if now - self._began >= span_s:
            return 1.0
        return span_s / max(now - self._began - self._paused_s, 1.0)

    def _count(self, now: float, span_s: float) -> int:
        n = 0
        for at in reversed(self._sent):
            if at <= now - span_s:
                break
            n += 1
        return n
