"""Say which file could not be written: the system names it when it is opened, not when full."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def file_named(path: Path) -> Iterator[None]:
    """Give an error of what runs inside the name of the file, unless it has one.

    NumPy and buffers say only how much was written; that is a full disk too.
    """
    try:
        yield
    except OSError as error:
        if error.filename is not None:
            raise
        number = error.errno or errno.ENOSPC
        raise OSError(number, error.strerror or str(error), str(path)) from error
