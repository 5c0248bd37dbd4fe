"""Name what comes back from a worker: trials as they end.

Everything here is a value. A finished trial is described completely by its record; two studies are
equal when the records of all their trials are, which ``TrialTable`` reduces to one hash. Times and
attempts are left out of the hash, because they differ between runs that agree.

Source: optimizer issue, "Trial store and resume".
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

import numpy as np

from optimizer.domain.metrics import METRIC_NAMES


class TrialStatus(StrEnum):
    """How a trial ended."""

    OK = "ok"  # every window was evaluated
    PRUNED = "pruned"  # an early window was hopeless, the later ones were not evaluated
    FAILED = "failed"  # it could not be evaluated, however often it was tried


class TrialRecord(NamedTuple):
    """A finished trial.

    Attributes:
        metrics: packed metrics of the windows that were evaluated, in the study's order.
        scores: packed objective scores on the last window; empty unless the status is OK.
        early: steering score on each evaluated window, for the pruning rule and the samplers.
        line: its line of the log, made where it was evaluated; empty where it is still to be made.
    """

    number: int
    strategy: str
    params_json: str
    status: TrialStatus
    metrics: tuple[bytes, ...]
    scores: bytes
    early: tuple[float, ...]
    error: str = ""
    attempts: int = 1
    elapsed_us: int = 0
    line: bytes = b""

    def score_values(self) -> list[float]:
        """Return the scores in the order of the study's objectives."""
        return list(struct.unpack(f"={len(self.scores) // 8}d", self.scores))

    def params(self) -> dict[str, float]:
        """Return the parameters."""
        values: dict[str, float] = json.loads(self.params_json)
        return values


_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def params_dump(params: Mapping[str, float]) -> str:
    """Return parameters as JSON, always the same text for the same values."""
    return _ENCODER.encode(params)


def metrics_unpack(packed: bytes) -> dict[str, float | None]:
    """Return packed metrics by name, what is not finite as None; counts stay whole."""
    values = np.frombuffer(packed).tolist()
    return {
        name: value if math.isfinite(value) else None
        for name, value in zip(METRIC_NAMES, values, strict=True)
    }


class TrialTable:
    """The hash of a study's results, built from its trials in the order of their numbers."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.count = 0

    def add(self, record: TrialRecord) -> None:
        """Add the next trial: number, strategy, parameters, status, metrics and scores."""
        head: list[Any] = [record.number, record.strategy, record.params_json, record.status.value]
        parts = [json.dumps(head).encode(), *record.metrics, record.scores]
        for part in parts:
            self._hash.update(len(part).to_bytes(4, "big"))
            self._hash.update(part)
        self.count += 1

    def hexdigest(self) -> str:
        """Return the hash of everything added."""
        return self._hash.hexdigest()
