"""How money moved, in double entry. Rows are added and never changed.

Postings are written first, then the entry that closes over them: from then on the database takes
no further posting of it, and it refuses an entry whose postings do not sum to zero per currency
(triggers in the migrations, on SQLite and PostgreSQL alike). Both refuse every change; PostgreSQL
refuses removal too, which SQLite must allow, because that is how its tables are emptied.

Sessions and bots are numbers here, not foreign keys: the desk stands above the treasury.
"""

from __future__ import annotations

import uuid
from typing import Any, Final, NoReturn, TypeVar

from django.db import models

from trading.base.domain.errors import InvariantError
from trading.base.models.fields import MoneyField

_NAMES: Final = uuid.UUID("6f0c6a3e-5d0b-5a43-9d55-2f8a4f5ce1b7")  # of entries, and nothing else
M = TypeVar("M", bound=models.Model)


class AppendOnlyQuerySet(models.QuerySet[M]):
    """Rows that can be read and added."""

    def update(self, **values: Any) -> NoReturn:
        """Refuse: what was posted stays.

        Raises:
            InvariantError: always.
        """
        raise InvariantError(f"{self.model.__name__} rows are not changed; post another entry")

    def bulk_update(self, *_args: Any, **_values: Any) -> NoReturn:
        """Refuse, as ``update``.

        Raises:
            InvariantError: always.
        """
        self.update()

    def delete(self) -> NoReturn:
        """Refuse: what was posted stays.

        Raises:
            InvariantError: always.
        """
        raise InvariantError(f"{self.model.__name__} rows are not removed; post another entry")


class AppendOnly(models.Model):
    """A row that is written once."""

    class Meta:
        abstract = True

    objects = models.Manager.from_queryset(AppendOnlyQuerySet)()

    def save(self, *args: Any, **values: Any) -> None:
        """Write a new row.

        Raises:
            InvariantError: it is stored already.
        """
        if not self._state.adding:
            raise InvariantError(f"{self} is posted; post another entry")
        super().save(*args, **{**values, "force_insert": True})

    def delete(self, *args: Any, **values: Any) -> NoReturn:
        """Refuse: what was posted stays.

        Raises:
            InvariantError: always.
        """
        raise InvariantError(f"{self} is not removed; post another entry")


class LedgerEntry(AppendOnly):
    """One movement of money. Its id follows from what moved it, so that it is posted once."""

    id = models.UUIDField(primary_key=True)
    mode = models.CharField(max_length=10, help_text="whose money; an entry never mixes two")
    session_id = models.BigIntegerField(help_text="session whose step it is")
    kind = models.CharField(max_length=16)
    ref = models.CharField(max_length=128, help_text="what moved it, by kind")
    seq = models.BigIntegerField(help_text="stream bar of the step, 0 for the opening")
    event_time = models.BigIntegerField(null=True, help_text="ms UTC, empty for the opening")

    class Meta:
        ordering = ("-session_id", "-seq", "kind", "ref")
        verbose_name_plural = "ledger entries"
        constraints = (
            models.UniqueConstraint(
                fields=("session_id", "kind", "ref"), name="ledgerentry_one_per_ref"
            ),
        )
        indexes = (models.Index(fields=("session_id", "seq"), name="ledgerentry_by_step"),)

    @classmethod
    def of_session(cls, session_id: int, *, kind: str, ref: str, **values: Any) -> LedgerEntry:
        """Return an entry of a session, not saved yet."""
        name = uuid.uuid5(_NAMES, f"{session_id}/{kind}/{ref}")
        return cls(id=name, session_id=session_id, kind=kind, ref=ref, **values)

    def __str__(self) -> str:
        return f"{self.kind} {self.ref} of session {self.session_id}"


class LedgerPosting(AppendOnly):
    """What one account gained by an entry, or with a minus sign lost."""

    entry = models.ForeignKey(LedgerEntry, on_delete=models.PROTECT, related_name="postings")
    n = models.PositiveSmallIntegerField(help_text="1, 2, 3 … in the entry")
    account = models.CharField(max_length=16)
    place = models.CharField(max_length=40, help_text="venue or chain")
    bot_index = models.PositiveSmallIntegerField(help_text="whose, by its place in the session")
    currency = models.CharField(max_length=20)
    amount = MoneyField()

    class Meta:
        ordering = ("entry", "n")
        constraints = (
            models.UniqueConstraint(fields=("entry", "n"), name="ledgerposting_one_per_n"),
        )

    def __str__(self) -> str:
        return f"{self.account} {self.amount} {self.currency}"
