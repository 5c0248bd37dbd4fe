"""Read many tables as they were at one moment, while others go on writing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def one_moment() -> Iterator[None]:
    """Let every read inside see the database as the first of them saw it; nothing may be written.

    Django's own transactions would not do: on SQLite they take the write lock at once, which no
    check may hold, and on PostgreSQL each statement of theirs sees what was committed meanwhile.
    """
    if connection.in_atomic_block:  # the caller's transaction decides
        yield
        return
    is_postgres = connection.vendor == "postgresql"
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if is_postgres else "BEGIN DEFERRED"
    with connection.cursor() as cursor:
        cursor.execute(begin)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK")
