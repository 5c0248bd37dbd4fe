"""Reports as they stand in a fact: JSON values, amounts as text, what is not said left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any, Final

from trading.base.domain.errors import InvariantError
from trading.desk.domain.execution.orders import ExecutionReport, ReportKind

_AMOUNTS: Final = frozenset({"quantity", "price", "fee", "slippage", "gas_cost", "stop_price"})
_DEFAULTS: Final = {field.name: field.default for field in fields(ExecutionReport)}


def reports_dump(reports: Iterable[ExecutionReport]) -> list[dict[str, Any]]:
    """Return the reports as JSON values."""
    return [_dump(report) for report in reports]


def reports_load(lines: Sequence[Mapping[str, Any]]) -> list[ExecutionReport]:
    """Return the reports that were dumped.

    Raises:
        InvariantError: a line has a word that no report has.
    """
    return [_load(line) for line in lines]


def _dump(report: ExecutionReport) -> dict[str, Any]:
    said = {name: getattr(report, name) for name in _DEFAULTS}
    return {
        name: str(value) if name in _AMOUNTS else value
        for name, value in said.items()
        if value != _DEFAULTS[name]
    }


def _load(line: Mapping[str, Any]) -> ExecutionReport:
    unknown = line.keys() - _DEFAULTS.keys()
    if unknown:
        raise InvariantError(f"a stored report said {sorted(unknown)}, which no report has")
    values: dict[str, Any] = {
        name: Decimal(v) if name in _AMOUNTS else v for name, v in line.items()
    }
    return ExecutionReport(**{**values, "kind": ReportKind(values["kind"])})
