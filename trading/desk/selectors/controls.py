"""Read which orders of operators are in force: the newest of every scope and name."""

from __future__ import annotations

from trading.desk.models import TradingControl


def rows_in_force() -> list[TradingControl]:
    """Return the newest order of every scope and name, those to trade normally included."""
    newest: dict[tuple[str, str], TradingControl] = {}
    for row in TradingControl.objects.order_by("-id"):
        newest.setdefault((row.scope, row.name), row)
    return list(newest.values())
