"""Fields that stores treat differently: a computed key, and numbers without bound in JSON."""

from __future__ import annotations

import json
from typing import Any, Final

from django.db import models

_MOST_WHOLE: Final = 2**63


class KeyField(models.BigIntegerField):  # type: ignore[type-arg]
    """A whole number of 64 bits; columns that refer to it have its type.

    SQLite stores a table in the order of a key it calls ``integer``, and keeps an index beside the
    table for one it calls ``bigint``: one more write a row.
    """

    def db_type(self, connection: Any) -> str | None:
        """Return the name under which the database keeps no second index."""
        return "integer" if connection.vendor == "sqlite" else super().db_type(connection)


class FigureDecoder(json.JSONDecoder):
    """Reads whole numbers beyond 64 bits as floats, which they were when they were stored.

    PostgreSQL keeps 1e20 as a numeric and gives it back with all its zeros.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(parse_int=_whole, **options)


def _whole(text: str) -> int | float:
    number = int(text)
    return number if -_MOST_WHOLE <= number < _MOST_WHOLE else float(number)
