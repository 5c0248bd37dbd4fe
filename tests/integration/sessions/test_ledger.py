"""The ledger of a session: it explains every amount, and the database guards it."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from tests.integration.sessions.market import open_session, series
from tests.integration.sessions.running import run_to_end
from trading.base.adapters.system_clock import SystemClock
from trading.base.domain.errors import InvariantError
from trading.base.domain.money import ZERO
from trading.desk.models import Bot, DeskSession, Position
from trading.desk.services.config.overrides import override_set
from trading.desk.services.journal.ledger import ledger_check
from trading.desk.services.journal.verify import session_verify
from trading.treasury.models import LedgerEntry, LedgerPosting

pytestmark = pytest.mark.django_db(transaction=True)

HUGE = Decimal("99999999999999999999.999999999999999999")  # all 38 digits
GRAIN = Decimal("0.000000000000000001")
SWAP_COSTS = {
    rung: {
        "derived": {"loss_rate": "0.001"},
        "buy": {"gas_use_estimate_usd": "0.01"},
        "sell": {"gas_use_estimate_usd": "0.01"},
    }
    for rung in ("1", "100000")
}


def saving() -> None:
    """Let a profit be saved early."""
    override_set(
        changes={
            "policy.savings.min_closes": 1,
            "policy.savings.score_min": 0.0,
            "policy.savings.fee_policy": "transfer_cost",
        },
        reason="so that a checkpoint is accepted",
        author="test",
        clock=SystemClock(),
    )


@pytest.fixture
def session() -> DeskSession:
    """Return a finished session that traded and saved."""
    saving()
    session = open_session(series(420, seed=7))
    run_to_end(session.pk)
    return session


def posted(
    amounts: list[tuple[str, Decimal]],
    ref: str = "by hand",
    *,
    session_id: int = 1,
    account: str = "trading",
) -> LedgerEntry:
    """Post an entry of (currency, amount) to one account of a bot."""
    with transaction.atomic():
        entry = LedgerEntry.of_session(
            session_id, kind="fill", ref=ref, mode="ghost", seq=1, event_time=1
        )
        LedgerPosting.objects.bulk_create(
            LedgerPosting(
                entry_id=entry.pk, n=n, account=account, place="test", bot_index=0,
                currency=currency, amount=amount,
            )
            for n, (currency, amount) in enumerate(amounts, start=1)
        )  # fmt: skip
        entry.save()
    return entry


def test_every_bots_money_is_the_sum_of_its_entries(session: DeskSession) -> None:
    assert ledger_check(session) == []
    kinds = LedgerEntry.objects.filter(session_id=session.pk).values_list("kind", flat=True)
    assert set(kinds) == {"opening", "fill", "reservation"}
    for bot in session.bots.all():
        rows = LedgerPosting.objects.filter(
            entry__session_id=session.pk, bot_index=bot.index, account="trading", currency="USDT"
        )
        assert sum(rows.values_list("amount", flat=True), ZERO) == bot.cash


def test_a_new_session_has_the_capital_of_its_bots_and_nothing_else() -> None:
    session = open_session(series(50))
    assert ledger_check(session) == []
    assert LedgerEntry.objects.filter(session_id=session.pk).count() == session.bots.count()


def test_the_ledger_agrees_after_every_transaction() -> None:
    session, seen = open_session(series(300)), []

    def look(point: str) -> None:
        if point == "persisted":
            assert ledger_check(session) == []
            seen.append(Position.objects.filter(session=session, is_open=True).count())

    run_to_end(session.pk, hook=look)
    assert len(seen) > 10
    assert max(seen) > 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cash": 1_000_000}, "its cash is stored as 1000000 USDT, the ledger says"),
        ({"reserved": 5}, "its reserve is stored as 5 USDT, the ledger says"),
    ],
)
def test_a_changed_account_is_named(
    session: DeskSession, changes: dict[str, Any], said: str
) -> None:
    Bot.objects.filter(session=session, index=0).update(**changes)
    assert any(sentence.startswith("bot 0: " + said) for sentence in ledger_check(session))
    assert any(said in sentence for sentence in session_verify(session_id=session.pk).examples)


def test_the_coin_a_bot_on_a_chain_pays_with_is_the_sum_of_its_entries() -> None:
    session = open_session(series(420, seed=7, pairs=("AAA/DAI",)), swap_costs=SWAP_COSTS)
    begun = session.bots.get(index=0).native_balance
    run_to_end(session.pk)
    assert ledger_check(session) == []
    kept = session.bots.order_by("native_balance").values_list("index", "native_balance")
    index, native = kept[0]
    assert native < begun
    Bot.objects.filter(session=session, index=index).update(native_balance=begun)
    said, amount = ledger_check(session)[0].rsplit(maxsplit=1)
    assert said == f"bot {index}: its native balance is stored as 0.5 PLS, the ledger says"
    assert Decimal(amount) == native


def test_gas_that_no_chain_asks_for_is_no_money(session: DeskSession) -> None:
    assert session.bots.filter(native_balance=0).count() == 0
    assert LedgerPosting.objects.filter(account="gas").count() == 0
    with transaction.atomic():
        entry = LedgerEntry.of_session(
            session.pk, kind="fill", ref="gas", mode="ghost", seq=1, event_time=1
        )
        LedgerPosting.objects.bulk_create(
            LedgerPosting(
                entry_id=entry.pk, n=n, account=account, place="test", bot_index=0,
                currency="PLS", amount=amount,
            )
            for n, (account, amount) in enumerate((("gas", 5), ("capital", -5)), start=1)
        )  # fmt: skip
        entry.save()
    said = "bot 0: the ledger has 5 PLS in gas, which no row explains"
    assert [line.replace(".000000000000000000", "") for line in ledger_check(session)] == [said]


def test_an_invented_entry_is_named_though_it_balances(session: DeskSession) -> None:
    posted([("USDT", Decimal(5)), ("USDT", Decimal(-5))], session_id=session.pk, account="savings")
    assert ledger_check(session) == []  # it moved nothing from one account to another
    sentence = "ledger entry fill by hand: is stored, and nothing explains it"
    assert sentence in session_verify(session_id=session.pk).examples


def test_money_of_another_mode_is_named(session: DeskSession) -> None:
    DeskSession.objects.filter(pk=session.pk).update(mode="live")
    session.refresh_from_db()
    assert any("it moves ghost money in a session of live" in s for s in ledger_check(session))


@pytest.mark.parametrize(
    "amounts",
    [
        [("USDT", Decimal(5))],
        [("USDT", Decimal(5)), ("BTC", Decimal(-5))],
        [("USDT", HUGE), ("USDT", HUGE.copy_negate()), ("USDT", GRAIN)],
        [("USDT", Decimal(1)), ("USDT", -GRAIN)],
        [("USDT", Decimal("1e10")), ("USDT", Decimal("-1e-8"))],
        [("USDT", Decimal("10000000000.5")), ("USDT", Decimal("-0.5"))],
        [("USDT", Decimal("1000000001")), ("USDT", Decimal("-1000000000"))],
    ],
)
def test_the_database_refuses_what_does_not_balance(
    amounts: list[tuple[str, Decimal]],
) -> None:
    with pytest.raises(IntegrityError, match="does not balance"):
        posted(amounts)
    assert LedgerPosting.objects.count() == 0


def test_the_database_takes_what_balances_to_the_last_digit() -> None:
    posted([("USDT", HUGE), ("USDT", HUGE.copy_negate()), ("BTC", GRAIN), ("BTC", -GRAIN)], "ends")
    thirds = [Decimal("0.333333333333333333")] * 3 + [Decimal("-0.999999999999999999")]
    posted([("USDT", part) for part in thirds], "thirds")
    carried = [Decimal("-1"), Decimal("0.999999999999999999"), GRAIN]
    posted([("USDT", part) for part in carried], "carried")
    across = [Decimal("10000000000"), Decimal("-9999999999.5"), Decimal("-0.5")]
    posted([("USDT", part) for part in across], "across")
    assert LedgerEntry.objects.count() == 4


def test_the_database_refuses_an_entry_without_postings() -> None:
    with pytest.raises(IntegrityError, match="has no postings"):
        posted([])


def test_a_movement_is_posted_once() -> None:
    posted([("USDT", Decimal(1)), ("USDT", Decimal(-1))])
    with pytest.raises(IntegrityError):
        posted([("USDT", Decimal(1)), ("USDT", Decimal(-1))])


def test_nothing_is_added_to_a_closed_entry_and_no_posting_stands_alone() -> None:
    entry = posted([("USDT", Decimal(1)), ("USDT", Decimal(-1))])
    values = {"account": "trading", "place": "test", "bot_index": 0, "currency": "USDT"}
    with pytest.raises(IntegrityError, match="closed"):
        LedgerPosting.objects.create(entry=entry, n=3, amount=Decimal(1), **values)
    with pytest.raises(IntegrityError):
        LedgerPosting.objects.create(entry_id=uuid.uuid4(), n=1, amount=Decimal(1), **values)
    assert LedgerPosting.objects.count() == 2


def test_the_orm_changes_and_removes_nothing() -> None:
    entry = posted([("USDT", Decimal(1)), ("USDT", Decimal(-1))])
    posting = LedgerPosting.objects.earliest("n")
    for act in (
        lambda: LedgerPosting.objects.update(amount=2),
        lambda: LedgerPosting.objects.all().delete(),
        lambda: LedgerPosting.objects.bulk_update([posting], ["amount"]),
        lambda: LedgerEntry.objects.filter(pk=entry.pk).delete(),
        posting.save,
        posting.delete,
        LedgerEntry.objects.get(pk=entry.pk).delete,
    ):
        with pytest.raises((InvariantError, ProtectedError)):
            act()
    assert LedgerPosting.objects.count() == 2


@pytest.mark.parametrize("table", ["ledgerentry", "ledgerposting"])
def test_the_database_itself_changes_nothing(table: str) -> None:
    posted([("USDT", Decimal(1)), ("USDT", Decimal(-1))])
    name = LedgerEntry._meta.db_table if table == "ledgerentry" else LedgerPosting._meta.db_table
    column = "ref" if table == "ledgerentry" else "place"
    acts = [f"UPDATE {name} SET {column} = 'x'"]
    if connection.vendor == "postgresql":
        acts.append(f"DELETE FROM {name}")
    for act in acts:
        with (
            pytest.raises(IntegrityError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(act)


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="only SQLite keeps amounts as text")
@pytest.mark.parametrize("amount", ["1", "1.5", "--1.000000000000000000", "1e3", "x" * 20])
def test_an_amount_spelled_another_way_is_refused(amount: str) -> None:
    table = LedgerPosting._meta.db_table
    with (
        pytest.raises(IntegrityError, match="18 decimal places"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            f"INSERT INTO {table} (entry_id, n, account, place, bot_index, currency, amount) "
            "VALUES (%s, 1, 'trading', 'test', 0, 'USDT', %s)",
            [uuid.uuid4().hex, amount],
        )
