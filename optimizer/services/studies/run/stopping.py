"""End a run between two pieces of work where somebody wants that, in the search and behind it.

Whatever takes long is handed ``StopWish.obey`` and calls it where it can be left: nothing of the
piece in hand is written by then, and whoever goes on with the study does it from the beginning.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from optimizer.models import Study
from optimizer.ports.reports import PutFile, ReportFolder
from optimizer.services.studies.control import study_held
from optimizer.services.studies.run.tools import Between, StudyTools
from trading.base.domain.errors import LeaseLostError

ASK_EVERY_S: Final = 0.5  # whether the study is to be cancelled


class StopWantedError(Exception):
    """A process that ends, or a person, wants the run to end here."""


class StopWish:
    """Whether one run is to end before its time."""

    def __init__(self, study: Study, tools: StudyTools, should_stop: Callable[[], bool]) -> None:
        """Ask nothing yet.

        Args:
            study: claimed by this process.
            tools: adapters of the run.
            should_stop: whether the process it runs in is to end.
        """
        self._study, self._tools, self._should_stop = study, tools, should_stop
        self._asked_at = -math.inf

    def is_there(self) -> bool:
        """Return whether the run is to stop or the study to be cancelled.

        Raises:
            LeaseLostError: another process runs the study.
        """
        return self._should_stop() or self._is_cancel_wanted()

    def obey(self) -> None:
        """Do nothing as long as the run may go on.

        Raises:
            StopWantedError: it is to stop, or the study is to be cancelled.
            LeaseLostError: another process runs the study.
        """
        if self.is_there():
            raise StopWantedError

    def _is_cancel_wanted(self) -> bool:
        now = self._tools.clock.monotonic()
        if now - self._asked_at < ASK_EVERY_S:
            return False
        self._asked_at = now
        mine = study_held(self._study)
        wanted = self._tools.database(
            lambda: mine.values_list("is_cancel_wanted", flat=True).first()
        )
        if wanted is None:
            raise LeaseLostError(f"study {self._study.pk} is run by another process now")
        return bool(wanted)


@dataclass(frozen=True, slots=True)
class StoppableFolder:
    """A folder of a report that may be left between two files; each is whole or was not begun."""

    folder: ReportFolder
    between: Between

    @contextmanager
    def filling(self) -> Iterator[PutFile]:
        """Take files until the run is to end."""
        with self.folder.filling() as put:

            def put_or_leave(name: str, content: bytes) -> None:
                self.between()
                put(name, content)

            yield put_or_leave
