"""A swap-cost store in memory that counts what is saved."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class MemorySwapCosts:
    """Fulfils ``SwapCostStore``; ``saves`` keeps how many rungs each unfinished save held."""

    name = "memory"

    def __init__(self, cache: Any | None = None, unfinished: Any | None = None) -> None:
        self.cache = cache
        self.unfinished = unfinished
        self.saves: list[int] = []
        self.requests: list[int] = []

    def load(self) -> Any | None:
        return copy.deepcopy(self.cache)

    def load_unfinished(self) -> Any | None:
        return copy.deepcopy(self.unfinished)

    def save_unfinished(self, cache: dict[str, Any]) -> None:
        self.unfinished = copy.deepcopy(cache)
        self.saves.append(len(cache["entries"]))

    def load_requests(self) -> list[int]:
        return list(self.requests)

    def save_requests(self, times_ms: list[int]) -> None:
        self.requests = list(times_ms)

    def replace(self, cache: dict[str, Any]) -> None:
        self.cache, self.unfinished = copy.deepcopy(cache), None

    @contextmanager
    def lock(self) -> Iterator[None]:
        yield
