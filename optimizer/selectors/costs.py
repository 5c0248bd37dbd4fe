"""Read what was to be said of a study's swap costs when it was opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

COSTS_KEY: Final = "costs"  # of ``Study.source`` and thus of the manifest


def cost_warnings(source: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the sentences in ``Study.source``; none in studies of earlier versions."""
    return tuple(source.get(COSTS_KEY, {}).get("warnings", ()))
