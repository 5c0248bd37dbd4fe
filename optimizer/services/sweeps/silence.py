"""Say that no worker answers, in the study's row and to whoever waits, for as long as that is so.

A pool waits long for workers of other machines before it gives up. Until then a person should know
what it waits for, and what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from django.db import InterfaceError, OperationalError
from django.db.models import Count, Q, Sum

from optimizer.models import Study, SweepChunk
from trading.base.ports.clock import Clock

if TYPE_CHECKING:  # the page says the sentence too, and evaluates nothing
    from optimizer.ports.sweeps import Answer, Chunk, PoolUsage, TrialPool

SAID_AFTER_S: Final = 20.0
WRITTEN_EVERY_S: Final = 10.0
HOW_TO_START: Final = (
    "if none runs, start the desk with 'manage.py up', or one on any machine with "
    "'celery -A config worker -Q sweeps --pool threads'"
)


def silence_sentence(silent_s: float) -> str:
    """Return what a person should know of workers that do not answer."""
    return f"no sweep worker has answered for {silent_s:.0f} s; {HOW_TO_START}"


class WatchedPool:
    """Fulfils ``optimizer.ports.sweeps.TrialPool``; the pool within does the work."""

    def __init__(
        self,
        pool: TrialPool,
        *,
        study_id: int,
        clock: Clock,
        database: Callable[[Callable[[], Any]], Any],
        say: Callable[[str], object],
    ) -> None:
        """Take a pool that nothing was sent to yet.

        Args:
            pool: its chunks are rows.
            study_id: whose chunks these are.
            clock: tells how long nobody has answered.
            database: does work again when its connection was lost.
            say: takes a line for whoever waits, after ever longer silences.
        """
        self.n_workers, self.per_worker = pool.n_workers, pool.per_worker
        self._pool, self._study_id, self._clock = pool, study_id, clock
        self._database, self._say = database, say
        self._n_out = 0
        self._signs: dict[str, int | None] = {}
        self._written = ""
        self._hear()

    def _hear(self) -> None:
        self._heard_at = self._clock.monotonic()
        self._look_s = self._say_s = SAID_AFTER_S  # of silence
        self._write("")

    def send(self, chunks: Sequence[Chunk]) -> None:
        """Hand the chunks on."""
        if not self._n_out:
            self._hear()  # nobody was asked anything until now
        self._n_out += len(chunks)
        self._pool.send(chunks)

    def wait(self, timeout_s: float) -> list[Answer]:
        """Return what the pool returns; without answers for long, say so."""
        answers = self._pool.wait(timeout_s)
        self._n_out -= len(answers)
        silent_s = self._clock.monotonic() - self._heard_at
        if answers:
            self._hear()
        elif silent_s >= self._look_s:
            self._look(silent_s)
        return answers

    def _look(self, silent_s: float) -> None:
        """Say how long nobody answers, unless somebody has begun or refused a chunk meanwhile."""
        rows = SweepChunk.objects.filter(study_id=self._study_id)
        signs = self._database(
            lambda: rows.aggregate(
                begun=Sum("deliveries"), refused=Count("pk", filter=~Q(refusal=""))
            )
        )
        is_new, self._signs = any(signs.values()) and signs != self._signs, signs
        if is_new:
            self._hear()
            return
        sentence = silence_sentence(silent_s)
        self._write(sentence)
        self._look_s = silent_s + WRITTEN_EVERY_S
        if silent_s >= self._say_s:
            self._say(sentence)
            self._say_s = 2 * silent_s

    def _write(self, reason: str) -> None:
        if reason == self._written:
            return
        mine = Study.objects.filter(
            pk=self._study_id, status=Study.Status.RUNNING, status_reason=self._written
        )
        self._database(lambda: mine.update(status_reason=reason))
        self._written = reason

    def usage(self) -> PoolUsage:
        """Return what evaluating cost so far."""
        return self._pool.usage()

    def close(self) -> None:
        """Stop the pool; nobody waits any more."""
        self._pool.close()
        with suppress(OperationalError, InterfaceError):  # whoever claims the study clears it too
            self._write("")
