"""Read what was to be said of a study when it was opened: of candles, swap costs and windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

CANDLES_KEY: Final = "candles"  # of ``Study.source`` and thus of the manifest
COSTS_KEY: Final = "costs"  # likewise
WINDOWS_KEY: Final = "windows"  # likewise
GAPS_KEY: Final = "gaps"  # likewise


def study_warnings(source: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the sentences in ``Study.source``; none in studies of earlier versions."""
    keys = (CANDLES_KEY, COSTS_KEY, WINDOWS_KEY, GAPS_KEY)
    return tuple(sentence for key in keys for sentence in _of(source, key))


def gap_warnings_kept(source: Mapping[str, Any]) -> tuple[str, ...]:
    """Return those on candles that are missing, which annual figures are shown with."""
    return _of(source, GAPS_KEY)


def _of(source: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(source.get(key, {}).get("warnings", ()))
