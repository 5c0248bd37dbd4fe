"""Keep the swap-cost cache as one JSON file; an unfinished refresh and its pace stand beside it."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from trading.base.domain.errors import BadInputError, VenueUnavailableError
from trading.base.domain.events import REQUEST_TIMES_UNREADABLE, SWAP_COSTS_REST_UNREADABLE
from trading.base.services.event_log import EventLog

UNFINISHED_SUFFIX = ".unfinished"
REQUESTS_SUFFIX = ".requests"
LOCK_SUFFIX = ".lock"

WriteAtomic = Callable[[Path, bytes], None]

_log = EventLog(__name__)


class SwapCostFile:
    """Fulfils ``trading.market.ports.quotes.SwapCostStore``."""

    def __init__(self, path: Path, *, write_atomic: WriteAtomic) -> None:
        """Name the file; nothing is read yet.

        Args:
            path: the cache; its folder is made when something is written.
            write_atomic: replaces a file's content so that readers see all or nothing.
        """
        self.name = str(path)
        self._path = path
        self._unfinished = path.with_name(path.name + UNFINISHED_SUFFIX)
        self._requests = path.with_name(path.name + REQUESTS_SUFFIX)
        self._write_atomic = write_atomic

    def load(self) -> Any | None:
        """Return the parsed file; see the port."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except IsADirectoryError:
            raise BadInputError(f"swap costs {self.name!r} are a folder; expected a file") from None
        try:
            return orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise BadInputError(f"swap costs {self.name!r} are not JSON: {error}") from error

    def load_unfinished(self) -> Any | None:
        """Return what was fetched before; a damaged file is reported and started anew."""
        try:
            return orjson.loads(self._unfinished.read_bytes())
        except FileNotFoundError:
            return None
        except orjson.JSONDecodeError as error:
            _log.say(SWAP_COSTS_REST_UNREADABLE, path=str(self._unfinished), why=str(error))
            return None

    def save_unfinished(self, cache: dict[str, Any]) -> None:
        """Write the unfinished refresh; see the port."""
        self._write(self._unfinished, cache)

    def load_requests(self) -> list[int]:
        """Return when the last requests were sent; a damaged file is reported and says nothing."""
        try:
            times = orjson.loads(self._requests.read_bytes())
        except FileNotFoundError:
            return []
        except orjson.JSONDecodeError as error:
            _log.say(REQUEST_TIMES_UNREADABLE, path=str(self._requests), why=str(error))
            return []
        found = times if isinstance(times, list) else []
        return [time for time in found if type(time) is int]

    def save_requests(self, times_ms: list[int]) -> None:
        """Write when the last requests were sent; see the port."""
        self._write(self._requests, times_ms)

    def replace(self, cache: dict[str, Any]) -> None:
        """Write the cache, then remove the unfinished refresh; see the port."""
        self._write(self._path, cache)
        self._unfinished.unlink(missing_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the refresh lock; the kernel releases it when the process dies."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_name(self._path.name + LOCK_SUFFIX).open("ab") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise VenueUnavailableError(
                    f"another process is refreshing {self.name!r}; wait for it or stop it"
                ) from None
            yield

    def _write(self, path: Path, content: dict[str, Any] | list[int]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        self._write_atomic(path, orjson.dumps(content, option=options))
