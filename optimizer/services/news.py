"""Tell browsers that a study went on: seldom enough to cost nothing, and never in its way.

News carries no results. Whoever shows a study reads them from the database; lost news costs
freshness only.
"""

from __future__ import annotations

from typing import Final

from asgiref.sync import async_to_sync

from optimizer.domain.topics import STUDIES, study_topic
from trading.base.ports.clock import Clock
from trading.base.ports.publisher import EventPublisher

STUDY_EVERY_S: Final = 0.25
LIST_EVERY_S: Final = 2.0
REFUSED_PAUSE_S: Final = 5.0  # a hand-over that times out must not be waited for at every batch


class StudyNews:
    """Publishes the progress of studies that run in this process."""

    def __init__(self, publisher: EventPublisher, clock: Clock) -> None:
        self._publish = async_to_sync(publisher.publish)
        self._clock = clock
        self._due: dict[str, float] = {}  # by topic, monotonic seconds

    def tell(self, study_id: int, *, n_done: int, is_change: bool = False) -> None:
        """Say that ``n_done`` trials are stored, unless it was said a moment ago.

        Args:
            study_id: whose trials.
            n_done: trials stored so far; the transaction that stored them is over.
            is_change: the study began or ended; this is said at once.
        """
        message = {"kind": "study", "study": study_id, "n": n_done}
        self._send(study_topic(study_id), message, STUDY_EVERY_S, is_change=is_change)
        listed = {"kind": "studies", "study": study_id, "n": n_done}
        self._send(STUDIES, listed, LIST_EVERY_S, is_change=is_change)

    def _send(
        self, topic: str, message: dict[str, object], every_s: float, *, is_change: bool
    ) -> None:
        now = self._clock.monotonic()
        if not is_change and now < self._due.get(topic, now):
            return
        is_taken = self._publish(topic, message)
        self._due[topic] = now + (every_s if is_taken else REFUSED_PAUSE_S)
