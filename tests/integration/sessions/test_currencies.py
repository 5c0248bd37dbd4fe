"""A session of two quote currencies: rows, replay and status keep them apart."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from tests.integration.sessions.market import open_session, random_walk
from tests.integration.sessions.running import run_to_end
from trading.desk.models import Bot, EquityPoint, RoundTrip, SavingsCheckpoint
from trading.desk.services.journal.replay import replay_run
from trading.market.domain.bars import BarArrays

pytestmark = pytest.mark.django_db(transaction=True)
FACTOR = 2e-5  # a bankroll of 0.02 against one of 1,000


def two_currencies(n: int = 700) -> dict[str, BarArrays]:
    """Return one market counted in dollars and in coins."""
    walk = random_walk(n, 100)
    values = walk.values.copy()
    values[:4] *= FACTOR
    coins = BarArrays(walk.open_time, np.ascontiguousarray(values), walk.flags)
    return {"AAA/USDT": walk, "AAA/BTC": coins}


def test_rows_carry_their_currency_and_no_sum_mixes_two() -> None:
    bars = two_currencies()
    session = open_session(bars)
    run_to_end(session.pk)
    points = EquityPoint.objects.filter(session=session)
    last = {p.quote: p for p in points.order_by("bar_time")}
    assert set(last) == {"USDT", "BTC"}
    assert points.filter(quote="BTC").count() == points.filter(quote="USDT").count()
    for quote, dollars in (("USDT", 1.0), ("BTC", FACTOR)):
        bots = Bot.objects.filter(session=session, quote=quote)
        assert last[quote].equity == pytest.approx(3000 * dollars, rel=0.2)
        assert float(sum(bot.equity for bot in bots)) == pytest.approx(last[quote].equity, rel=0.01)
    for row in SavingsCheckpoint.objects.select_related("bot"):
        assert row.quote == row.bot.quote
        assert row.token == {"USDT": "USDT", "BTC": "USDC"}[row.quote]
    report = replay_run(blueprint=session.facts.get(n=0).payload, series=bars)
    session.refresh_from_db()
    assert report.digest == session.digest
    answer = report.as_json()
    assert [row["quote"] for row in answer["money"]] == ["BTC", "USDT"]
    for row in answer["money"]:
        trips = RoundTrip.objects.filter(bot__quote=row["quote"])
        assert row["round_trips"] == trips.count() > 0
        assert row["realised_pnl"] == sum(t.realised_pnl for t in trips)
        assert row["fees"] == sum(t.fees for t in trips)
    assert answer["money"][0]["bankroll"] == Decimal("0.06")
    assert (answer["realised_pnl"], answer["fees"], answer["savings"]["reserved"]) == (None,) * 3
