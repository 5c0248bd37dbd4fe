"""Read what was to be said of a study when it was opened: of candles, swap costs and windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

CANDLES_KEY: Final = "candles"  # of ``Study.source`` and thus of the manifest
COSTS_KEY: Final = "costs"  # likewise
WINDOWS_KEY: Final = "windows"  # likewise


def study_warnings(source: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the sentences in ``Study.source``; none in studies of earlier versions."""
    about = (source.get(key, {}) for key in (CANDLES_KEY, COSTS_KEY, WINDOWS_KEY))
    return tuple(sentence for part in about for sentence in part.get("warnings", ()))
