"""Rows written before amounts named their currency get it; sums over several are dropped."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.apps.registry import Apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests import factories as make
from trading.desk.models import EquityPoint, SavingsCheckpoint

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE, AFTER = "0004_rearm", "0005_amounts_carry_their_currency"


def migrate(name: str) -> Apps:
    return MigrationExecutor(connection).migrate([("trading", name)]).apps


@pytest.fixture(autouse=True)
def newest() -> Iterator[None]:
    """Leave the tables as the other tests want them."""
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes("trading"))


def test_old_rows_get_their_currency_and_mixed_sums_are_gone() -> None:
    feed = make.feed()
    coins, mixed = make.session(feed), make.session(feed, shard=1)
    bot = make.bot(coins, "ETH/BTC", bankroll=Decimal("0.02"))
    for pair in ("ETH/BTC", "ETH/USDT"):
        make.bot(mixed, pair)
    make.checkpoint(make.round_trip(make.position(bot, entry="1"), "2"))
    old = migrate(BEFORE).get_model("trading", "EquityPoint").objects
    for session in (coins, mixed):
        old.create(session_id=session.pk, bar_time=make.START_MS, equity=1.0, reserved=0.0)
    migrate(AFTER)
    assert list(EquityPoint.objects.values_list("session_id", "quote")) == [(coins.pk, "BTC")]
    assert SavingsCheckpoint.objects.get().quote == "BTC"
