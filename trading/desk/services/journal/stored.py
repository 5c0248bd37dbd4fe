"""Hold the rows a session should have written against those that are stored."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db.models import F, Field, Model

from trading.base.domain.money import canonical
from trading.desk.models import (
    Bot,
    EquityPoint,
    Fill,
    Order,
    OrderEvent,
    Position,
    RoundTrip,
    SavingsCheckpoint,
    StopState,
)
from trading.desk.services.journal.expected import Before, ExpectedRows, Key, Rows
from trading.treasury.models import LedgerEntry, LedgerPosting


@dataclass(frozen=True, slots=True)
class Table:
    """Where rows of one kind stand and what tells them apart.

    Attributes:
        rows: the field of ``ExpectedRows``.
        session: lookup of the session they belong to.
        key: lookups that make the key, in its order.
        label: names a row for a person; filled with the key.
        also: further lookups that are compared, under the names of the expected values.
        owners: two lookups, of the row's own bot and of the bot of what it belongs to, and what
            that is: two swapped rows differ in nothing else.
    """

    rows: str
    model: type[Model]
    session: str
    key: tuple[str, ...]
    label: str
    also: tuple[tuple[str, str], ...] = ()
    owners: tuple[str, str, str] | None = None


TABLES: Final = (
    Table("bots", Bot, "session", ("index",), "bot {}"),
    Table(
        "orders",
        Order,
        "bot__session",
        ("client_order_id",),
        "order {}",
        also=(("bot_index", "bot__index"),),
    ),
    Table(
        "events",
        OrderEvent,
        "order__bot__session",
        ("order__client_order_id", "n"),
        "event {1} of order {0}",
    ),
    Table(
        "fills",
        Fill,
        "order__bot__session",
        ("order__client_order_id", "trade_id"),
        "fill {1} of order {0}",
        also=(("bot_index", "position__bot__index"), ("position_n", "position__n")),
        owners=("order__bot_id", "position__bot_id", "a position"),
    ),
    Table("positions", Position, "bot__session", ("bot__index", "n"), "position {1} of bot {0}"),
    Table(
        "stops",
        StopState,
        "position__bot__session",
        ("position__bot__index", "position__n"),
        "stop of position {1} of bot {0}",
    ),
    Table(
        "trips",
        RoundTrip,
        "bot__session",
        ("bot__index", "position__n"),
        "round trip {1} of bot {0}",
        owners=("bot_id", "position__bot_id", "a position"),
    ),
    Table(
        "checkpoints",
        SavingsCheckpoint,
        "bot__session",
        ("bot__index", "round_trip__position__n"),
        "savings checkpoint of round trip {1} of bot {0}",
        owners=("bot_id", "round_trip__bot_id", "a round trip"),
    ),
    Table("entries", LedgerEntry, "session_id", ("kind", "ref"), "ledger entry {0} {1}"),
    Table(
        "postings",
        LedgerPosting,
        "entry__session_id",
        ("entry__kind", "entry__ref", "n"),
        "posting {2} of ledger entry {0} {1}",
    ),
    Table("equity", EquityPoint, "session", ("quote", "bar_time"), "equity in {0} at {1}"),
)


def rows_compare(
    expected: ExpectedRows, session_id: int, before: Before | None = None
) -> Iterator[tuple[str, int, list[str]]]:
    """Yield, by table, its name, how many rows were compared and a sentence per wrong one.

    Rows from ``before`` that nothing recomputed explains are only counted.
    """
    for table in TABLES:
        wanted: Rows = getattr(expected, table.rows)
        found, sentences = _stored(table, session_id)
        if before is not None:
            older = found.keys() - wanted.keys()
            n_older = before.n_older(table.rows, wanted.keys(), len(found))
            if len(older) != n_older:
                sentences.append(
                    f"{table.rows}: {len(older)} older rows are stored; there were {n_older}"
                )
            found = {key: row for key, row in found.items() if key in wanted}
        for key in sorted(wanted.keys() | found.keys(), key=repr):
            wrong = _difference(table, wanted.get(key), found.get(key))
            if wrong:
                sentences.append(f"{table.label.format(*key)}: {wrong}")
        yield table.rows, max(len(wanted), len(found)), sentences


def _stored(table: Table, session_id: int) -> tuple[Rows, list[str]]:
    keys = {f"key_{i}": F(lookup) for i, lookup in enumerate(table.key)}
    also = {name: F(lookup) for name, lookup in table.also}
    if table.owners is not None:
        also |= {"owner": F(table.owners[0]), "parent_owner": F(table.owners[1])}
    objects = table.model._default_manager.filter(**{table.session: session_id})
    rows: Rows = {}
    wrong = []
    for row in objects.annotate(**keys, **also).order_by("pk").values().iterator():
        key: Key = tuple(row[name] for name in keys)
        if key in rows:
            wrong.append(f"{table.label.format(*key)}: is stored more than once")
        if table.owners is not None and row["owner"] != row["parent_owner"]:
            wrong.append(f"{table.label.format(*key)}: belongs to {table.owners[2]} of another bot")
        rows[key] = row
    return rows, wrong


def _difference(table: Table, wanted: dict[str, Any] | None, found: dict[str, Any] | None) -> str:
    """Return what is wrong with a row, as the end of a sentence; empty when nothing is."""
    if found is None:
        return "should be stored and is not"
    if wanted is None:
        return "is stored, and nothing explains it"
    fields = {field.attname: field for field in table.model._meta.concrete_fields}
    return "; ".join(
        f"{name} is stored as {_shown(found[name])}, recomputed {_shown(value)}"
        for name, value in wanted.items()
        if not _is_same(found[name], value, fields.get(name))
    )


def _is_same(stored: Any, recomputed: Any, field: Field[Any, Any] | None) -> bool:
    if stored is None or recomputed is None:
        return stored is recomputed
    if isinstance(stored, Decimal) and field is not None:
        return stored == canonical(field.to_python(recomputed))
    if isinstance(stored, float) and math.isnan(stored):
        return math.isnan(recomputed)
    return bool(stored == recomputed)


def _shown(value: Any) -> str:
    return (
        "nothing"
        if value is None
        else format(value, "f")
        if isinstance(value, Decimal)
        else str(value)
    )
