"""What reports need from outside: a page to show them on and a folder to put them in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from optimizer.domain.importance import ParameterTable
from optimizer.domain.reporting import ReportCurve, ReportStudy


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

    def write(self, name: str, content: bytes) -> None:
        """Put ``content`` under ``name``, which may name a folder before a slash."""
        ...
