"""A decimal that keeps every digit on SQLite too.

SQLite would store Django's DecimalField as a float of 15 digits. This field keeps canonical text
there and numeric(38, 18) on PostgreSQL. Sums over it are done in Python, never in SQL.
"""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Any

from django.db import models

from trading.base.domain.money import PLACES, canonical

# Python's default of 28 digits would refuse amounts from ten thousand million up
_CONTEXT = Context(prec=60)


class MoneyField(models.DecimalField):  # type: ignore[type-arg]
    """Decimal with 38 digits, 18 of them after the point, exact on every supported database."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 38)
        kwargs.setdefault("decimal_places", 18)
        super().__init__(*args, **kwargs)

    def get_internal_type(self) -> str:
        """Return a name no backend maps, so that ``db_type`` decides."""
        return "MoneyField"

    def db_type(self, connection: Any) -> str:
        """Return text on SQLite, numeric elsewhere."""
        return "text" if connection.vendor == "sqlite" else "numeric(38, 18)"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Decimal | None:
        """Return the amount as the domain spells it."""
        return None if value is None else canonical(Decimal(value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Return the amount with all 18 places, equal amounts as equal text."""
        if value is None:
            return None
        exact = self.to_python(value).quantize(PLACES, context=_CONTEXT)
        return format(exact, "f") if connection.vendor == "sqlite" else exact
