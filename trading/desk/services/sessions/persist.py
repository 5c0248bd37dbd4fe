"""Write what the core decided: journal, orders, fills, positions, savings, accounts, cursor.

Everything of one step goes into one transaction, which first renews the lease by its fencing
token. Quiet bars may share a transaction; a bar that changed anything has its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from trading.desk.domain.decision.output import StepOutput
from trading.desk.domain.decision.state import DeskState
from trading.desk.models import (
    Bot,
    Decision,
    DeskSession,
    EquityPoint,
    SessionInput,
    SessionSnapshot,
)
from trading.desk.services.sessions.hooks import Hook
from trading.desk.services.sessions.lease import lease_renew
from trading.desk.services.sessions.rows.trades import TradeRows
from trading.desk.services.sessions.rows.values import bot_account, bot_marks, equity_values
from trading.desk.services.sessions.snapshots import snapshot_pack

SNAPSHOTS_KEPT: Final = 2


@dataclass(slots=True)
class Journal:
    """Writes one session's transactions.

    Attributes:
        hook: called at named points inside and around the transaction (fault injection in tests).
    """

    session_id: int
    token: int
    hook: Hook
    bot_pks: dict[int, int]
    trades: TradeRows

    @classmethod
    def open(cls, *, session: DeskSession, token: int, hook: Hook) -> Journal:
        """Return the writer of a session whose lease is held with ``token``."""
        bot_pks = dict(Bot.objects.filter(session=session).values_list("index", "pk"))
        return cls(session.pk, token, hook, bot_pks, TradeRows(session.pk, hook, bot_pks))

    def write(
        self,
        *,
        outputs: Sequence[StepOutput],
        output_n: int,
        state: DeskState,
        now: datetime,
        inputs: Sequence[SessionInput] = (),
        with_snapshot: bool = False,
    ) -> None:
        """Commit consecutive steps (or one confirmation or input) and everything they changed.

        Raises:
            LeaseLostError: another worker owns the session; nothing was written.
        """
        with transaction.atomic():
            lease_renew(session_id=self.session_id, token=self.token, now=now)
            SessionInput.objects.bulk_create(inputs)
            self._write_journal(outputs)
            for out in outputs:
                self.trades.write(out)
            self._write_bots(outputs, state)
            self._write_equity(outputs)
            DeskSession.objects.filter(pk=self.session_id).update(
                cursor_seq=state.seq,
                output_n=output_n,
                digest=state.digest.hex(),
                n_decisions=state.n_decisions,
                updated_at=now,
            )
            if with_snapshot:
                self._write_snapshot(state, output_n, now)
            self.hook("persisting")
        self.hook("persisted")

    def _write_journal(self, outputs: Sequence[StepOutput]) -> None:
        step_rows = [
            Decision(
                bot_id=self.bot_pks[row.bot_index],
                open_time=out.open_time,
                seq=out.seq,
                outcome=row.outcome,
                record=row.record,
            )
            for out in outputs
            for row in out.journal
        ]
        if step_rows:
            Decision.objects.bulk_create(step_rows, batch_size=500)

    def _write_bots(self, outputs: Sequence[StepOutput], state: DeskState) -> None:
        touched: dict[int, tuple[int, int]] = {}
        changed: set[int] = set()
        for out in outputs:
            changed |= out.bots
            for row in out.journal:
                touched[row.bot_index] = (row.outcome, out.open_time)
        for index in sorted(changed | touched.keys()):
            bot = state.bots[index]
            values = bot_marks(bot)
            if index in touched:
                values["last_outcome"], values["last_bar_time"] = touched[index]
            if index in changed:
                values |= bot_account(bot)
            Bot.objects.filter(pk=self.bot_pks[index]).update(**values)

    def _write_equity(self, outputs: Sequence[StepOutput]) -> None:
        EquityPoint.objects.bulk_create(
            EquityPoint(session_id=self.session_id, **point)
            for out in outputs
            for point in equity_values(out)
        )

    def _write_snapshot(self, state: DeskState, output_n: int, now: datetime) -> None:
        data, checksum = snapshot_pack(state)
        SessionSnapshot.objects.update_or_create(
            session_id=self.session_id,
            cursor_seq=state.seq,
            defaults={
                "output_n": output_n,
                "digest": state.digest.hex(),
                "checksum": checksum,
                "state": data,
                "created_at": now,
            },
        )
        kept = SessionSnapshot.objects.filter(session_id=self.session_id).values_list(
            "pk", flat=True
        )
        SessionSnapshot.objects.filter(session_id=self.session_id).exclude(
            pk__in=list(kept[:SNAPSHOTS_KEPT])
        ).delete()
