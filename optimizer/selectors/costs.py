"""Read what was to be said of a study when it was opened: of its swap costs and of its windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

COSTS_KEY: Final = "costs"  # of ``Study.source`` and thus of the manifest
WINDOWS_KEY: Final = "windows"  # likewise


def study_warnings(source: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the sentences in ``Study.source``; none in studies of earlier versions."""
    about = (source.get(key, {}) for key in (COSTS_KEY, WINDOWS_KEY))
    return tuple(sentence for part in about for sentence in part.get("warnings", ()))
