"""Run one session for a while: claim it, recover it, follow its feed, hand it over.

One asyncio loop; everything that touches the database or the core runs in one worker thread, so
the loop stays free to notice a stop and to tell the page what happened (at most four times a
second). The run ends at its deadline, when the worker drains, when nobody wants the session any
more, or when the feed has ended. Whatever ends it, the next run starts by recovering.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connection, transaction

from trading.base.domain.errors import InvariantError, LeaseLostError
from trading.base.domain.events import SESSION_BROKE
from trading.base.domain.reasons import QUIET_OUTCOMES, Outcome
from trading.base.domain.topics import DESK
from trading.base.ports.clock import Clock
from trading.base.ports.publisher import EventPublisher
from trading.base.ports.recording import RecorderMaker
from trading.base.services.event_log import EventLog
from trading.desk.models import Bot, DeskSession
from trading.desk.services.sessions.engine import News, SessionEngine
from trading.desk.services.sessions.hooks import Hook, no_hook
from trading.desk.services.sessions.lease import lease_claim, lease_release, lease_renew
from trading.desk.services.sessions.steering import Steering
from trading.desk.services.sessions.supervision import sessions_without_worker
from trading.market.models import Feed

_log = EventLog(__name__)

P = ParamSpec("P")
R = TypeVar("R")
POLL_S: Final = 0.1
PUBLISH_EVERY_S: Final = 0.25
RENEW_EVERY_S: Final = 4.0
YIELD_CHECK_S: Final = 5.0  # as often as supervision looks
FAILURES_MAX: Final = 6  # runs in a row that broke off without a bar between them
PAUSE_FIRST_S: Final = 5.0  # after the first of them; doubled each time
PAUSE_MAX_S: Final = 60.0
NEWS_DECISIONS: Final = 40  # newest ones told to the page per message


class RunEnd(StrEnum):
    """Why a run ended."""

    BUSY = "busy"  # another worker holds the lease
    HANDED_OVER = "handed_over"
    GAVE_WAY = "gave_way"  # handed over because others wait; they come first
    STOPPED = "stopped"
    FINISHED = "finished"
    BROKE_OFF = "broke_off"  # by an error nobody expected; tried again later
    FAILED = "failed"


_ENDS: Final = frozenset({RunEnd.STOPPED, RunEnd.FINISHED})


@dataclass(frozen=True, slots=True)
class RunLimits:
    """How long a run may take and whom it asks whether to end early.

    ``turn_s`` is how long it keeps its worker while another session waits for one.
    """

    deadline_s: float
    should_stop: Callable[[], bool]
    turn_s: float = 30.0


def _disconnect() -> None:
    connection.close()  # the calling thread's own


class SessionRunner:
    """One run of one session by one worker."""

    def __init__(  # noqa: PLR0913 - whom a run works with, named at the call
        self,
        *,
        session_id: int,
        owner: str,
        clock: Clock,
        publisher: EventPublisher,
        limits: RunLimits,
        recorders: Sequence[RecorderMaker],
        hook: Hook = no_hook,
    ) -> None:
        self._session_id = session_id
        self._owner = owner
        self._clock = clock
        self._publisher = publisher
        self._limits = limits
        self._recorders = recorders
        self._hook = hook
        self._token = 0
        self._n_failures = 0
        self._begun_seq = 0
        self._steering = Steering(session_id, clock=clock, report=self._report)
        self._renewed_at = 0.0
        self._yields_at = 0.0
        self._published_at = 0.0
        self._bots: list[tuple[str, str]] = []

    async def run(self) -> RunEnd:
        """Hold the session until something ends the run; return what did."""
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="session") as pool:
            try:
                return await self._run(pool)
            finally:
                await self._in(pool, _disconnect)

    async def _run(self, pool: ThreadPoolExecutor) -> RunEnd:
        if not await self._in(pool, self._claim):
            return RunEnd.BUSY
        try:
            engine = await self._in(pool, self._open)
            end = await self._follow(pool, engine)
            if end in _ENDS:
                await self._in(pool, engine.end)
            await self._in(pool, engine.snapshot)
            await self._in(pool, self._close, end)
        except LeaseLostError:
            return RunEnd.BUSY
        except InvariantError as error:
            await self._in(pool, self._fail, f"{type(error).__name__}: {error}")
            raise
        except Exception as error:  # noqa: BLE001 - said with its trace, tried again
            _log.say(SESSION_BROKE, error=error, session=self._session_id)
            # where even this cannot be written, the lease runs out and the next run recovers
            return await self._in(pool, self._break_off, f"{type(error).__name__}: {error}")
        await self._publish(engine, is_last=True)
        return end

    async def _follow(self, pool: ThreadPoolExecutor, engine: SessionEngine) -> RunEnd:
        deadline = self._clock.monotonic() + self._limits.deadline_s
        self._yields_at = self._clock.monotonic() + self._limits.turn_s
        while True:
            done, end = await self._in(pool, self._turn, engine)
            await self._publish(engine)
            if end is not None:
                return end
            if self._limits.should_stop() or self._clock.monotonic() >= deadline:
                return RunEnd.HANDED_OVER
            if not done:
                await self._clock.sleep(POLL_S)

    def _claim(self) -> bool:
        close_old_connections()
        token = lease_claim(session_id=self._session_id, owner=self._owner, now=self._clock.now())
        self._token = token or 0
        return token is not None

    def _open(self) -> SessionEngine:
        session = DeskSession.objects.select_related("feed").get(pk=self._session_id)
        self._n_failures, self._begun_seq = session.n_failures, session.cursor_seq
        reason = session.status_reason if self._n_failures else ""  # until a bar proves it over
        self._set_status(DeskSession.Status.RECOVERING, reason)
        self._bots = list(
            Bot.objects.filter(session=session).order_by("index").values_list("pair", "strategy")
        )
        engine = SessionEngine(
            session=session,
            token=self._token,
            clock=self._clock,
            recorders=self._recorders,
            hook=self._hook,
        )
        engine.recover(on_bar=self._renew)
        self._set_status(DeskSession.Status.RUNNING, reason)
        return engine

    def _turn(self, engine: SessionEngine) -> tuple[int, RunEnd | None]:
        """Take in the next bars, before each the people's orders; say whether this was the end."""
        is_wanted = True

        def before_bar() -> bool:
            nonlocal is_wanted
            is_wanted = self._steering.obey(engine)
            return is_wanted

        done = engine.advance(before_bar=before_bar) if before_bar() else 0
        if done and self._n_failures:
            DeskSession.objects.filter(pk=self._session_id).update(n_failures=0, status_reason="")
            self._n_failures = 0
        self._renew()
        if not is_wanted:
            return done, RunEnd.STOPPED
        if self._is_another_waiting():
            return done, RunEnd.GAVE_WAY
        if done:
            return done, None
        row = DeskSession.objects.select_related("feed").get(pk=self._session_id)
        is_over = row.feed.status == Feed.Status.FINISHED and row.cursor_seq >= row.feed.last_seq
        return 0, RunEnd.FINISHED if is_over else None

    def _is_another_waiting(self) -> bool:
        """Return whether this run had its turn and a session is without a worker."""
        now = self._clock.monotonic()
        if now < self._yields_at:
            return False
        self._yields_at = now + min(YIELD_CHECK_S, self._limits.turn_s)
        rows = DeskSession.objects.filter(pk__in=sessions_without_worker(now=self._clock.now()))
        return rows.filter(is_wanted=True).exists()

    def _renew(self) -> None:
        now = self._clock.monotonic()
        if now - self._renewed_at >= RENEW_EVERY_S:
            lease_renew(session_id=self._session_id, token=self._token, now=self._clock.now())
            self._renewed_at = now

    def _report(self, reason: str) -> None:
        self._set_status(DeskSession.Status.RUNNING, reason)

    def _set_status(self, status: DeskSession.Status, reason: str = "") -> None:
        now = self._clock.now()
        with transaction.atomic():
            lease_renew(session_id=self._session_id, token=self._token, now=now)
            DeskSession.objects.filter(pk=self._session_id).update(
                status=status, status_reason=reason, updated_at=now
            )

    def _close(self, end: RunEnd) -> None:
        status = {
            RunEnd.HANDED_OVER: DeskSession.Status.WAITING,
            RunEnd.GAVE_WAY: DeskSession.Status.WAITING,
            RunEnd.STOPPED: DeskSession.Status.STOPPED,
            RunEnd.FINISHED: DeskSession.Status.FINISHED,
        }[end]
        self._set_status(status)
        lease_release(session_id=self._session_id, token=self._token)

    def _fail(self, reason: str) -> None:
        """Stop for good and leave the reason where the page shows it: this needs a person."""
        self._set_status(DeskSession.Status.FAILED, reason)
        lease_release(session_id=self._session_id, token=self._token)

    def _break_off(self, reason: str) -> RunEnd:
        """Leave the session to a later run, or give it up when none has come further."""
        close_old_connections()
        row = DeskSession.objects.get(pk=self._session_id)
        n = 1 if row.cursor_seq > self._begun_seq else row.n_failures + 1
        DeskSession.objects.filter(pk=row.pk).update(n_failures=n)
        if n >= FAILURES_MAX:
            self._fail(f"{n} runs in a row broke off, the last with {reason}")
            return RunEnd.FAILED
        pause = timedelta(seconds=min(PAUSE_MAX_S, PAUSE_FIRST_S * 2.0 ** (n - 1)))
        times = "once" if n == 1 else f"{n} times"
        again = f"again in {pause.total_seconds():.0f} s"
        self._set_status(DeskSession.Status.WAITING, f"broke off {times}, {again}: {reason}")
        lease_release(session_id=row.pk, token=self._token, until=self._clock.now() + pause)
        return RunEnd.BROKE_OFF

    async def _publish(self, engine: SessionEngine, *, is_last: bool = False) -> None:
        news, now = engine.news, self._clock.monotonic()
        if not news.seq or (now - self._published_at < PUBLISH_EVERY_S and not is_last):
            return
        engine.news, self._published_at = News(), now
        await self._publisher.publish(DESK, self._message(news))

    def _message(self, news: News) -> dict[str, Any]:
        loud = [d for d in news.decisions if Outcome(d[2]) not in QUIET_OUTCOMES]
        return {
            "kind": "step",
            "session": self._session_id,
            "seq": news.seq,
            "n_decisions": len(news.decisions),
            "decisions": [
                {
                    "bot": bot,
                    "pair": self._bots[bot][0],
                    "strategy": self._bots[bot][1],
                    "t": open_time,
                    "outcome": Outcome(outcome).name.lower(),
                }
                for bot, open_time, outcome in loud[-NEWS_DECISIONS:]
            ],
            "fills": news.fills,
            "round_trips": news.round_trips,
            "checkpoints": news.checkpoints,
            "positions_changed": news.has_position_change,
        }

    async def _in(
        self, pool: ThreadPoolExecutor, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        return await sync_to_async(function, thread_sensitive=False, executor=pool)(*args, **kwargs)
