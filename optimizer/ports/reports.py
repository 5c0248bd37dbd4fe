"""What reports need from outside: a page to show them on and a folder to put them in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from optimizer.domain.importance import ParameterTable
from optimizer.domain.reporting import ReportCurve, ReportStudy

PutFile = Callable[[str, bytes], None]  # (name, content); the name may have a folder before a slash


class ReportRenderer(Protocol):
    """Makes one page of a study that opens without a network."""

    def render(
        self,
        study: ReportStudy,
        curves: Sequence[ReportCurve],
        parameters: Sequence[ParameterTable],
    ) -> bytes:
        """Return the page; the same arguments give the same bytes."""
        ...


class ReportFolder(Protocol):
    """Takes the files of one report; readers see an old file or a new one, never half of one."""

    def filling(self) -> AbstractContextManager[PutFile]:
        """Return what takes the files, one after the other.

        A file may be on its way when it was taken; at the end of the block all are there.

        Raises:
            OSError: one could not be written; said with a later one or at the end of the block.
        """
        ...
