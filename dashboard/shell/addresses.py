"""What may stand in an address: numbers that a row or a time can have, and no others."""

from __future__ import annotations

from typing import ClassVar, Final

from django.urls import register_converter

ROW_MAX: Final = 2**63 - 1  # what the databases can hold
MS_MAX: Final = 253_402_300_799_999  # the last millisecond of the year 9999


class RowNumber:
    """Path converter ``row``: the number of a row, or no such address."""

    regex = "[0-9]{1,19}"
    high: ClassVar[int] = ROW_MAX

    def to_python(self, value: str) -> int:
        """Return the number.

        Raises:
            ValueError: no row can have it; Django then looks for another address.
        """
        number = int(value)
        if number > self.high:
            raise ValueError(f"{value} is above {self.high}")
        return number

    def to_url(self, value: int) -> str:
        """Return the number as it stands in the address."""
        return str(int(value))


class Moment(RowNumber):
    """Path converter ``ms``: milliseconds since 1970 that a calendar knows."""

    high = MS_MAX


register_converter(RowNumber, "row")
register_converter(Moment, "ms")
