"""A progress bar for work a person waits for: only on a terminal, with rate and time left."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

_AFTER_S = 2.0


@contextmanager
def progress_bar(total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
    """Yield a function that takes the amount done so far; silent when stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    with tqdm(total=total, unit=unit, delay=_AFTER_S, file=sys.stderr, leave=False) as bar:

        def show(done: int) -> None:
            bar.update(done - bar.n)

        yield show
