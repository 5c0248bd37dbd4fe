"""Say why a study cannot do what is asked of it."""

from __future__ import annotations

from trading.base.domain.errors import TradingError


class StudyRefusedError(TradingError):
    """The study cannot do what was asked of it; the sentence says why."""

    code = "study_refused"


class DataChangedError(StudyRefusedError):
    """The candles or costs of a study are not what it was opened with."""

    code = "data_changed"


class VersionChangedError(StudyRefusedError):
    """The stored trials of a study were evaluated by other code than runs here."""

    code = "version_changed"


class StudyDeletedError(StudyRefusedError):
    """The row of a study went away while it ran."""

    code = "study_deleted"
