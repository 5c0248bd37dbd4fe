"""A primary key that is computed before its row is written."""

from __future__ import annotations

from typing import Any

from django.db import models


class KeyField(models.BigIntegerField):  # type: ignore[type-arg]
    """A whole number of 64 bits; columns that refer to it have its type.

    SQLite stores a table in the order of a key it calls ``integer``, and keeps an index beside the
    table for one it calls ``bigint``: one more write a row.
    """

    def db_type(self, connection: Any) -> str | None:
        """Return the name under which the database keeps no second index."""
        return "integer" if connection.vendor == "sqlite" else super().db_type(connection)
