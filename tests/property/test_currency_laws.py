"""Laws of money in several currencies: a bot's results do not depend on who counts in another."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.integration.sessions.market import blueprint, random_walk
from trading.domain.desk.config import BotsConfig, DeskConfig
from trading.domain.desk.driver import DeskDriver
from trading.domain.desk.journal import unpack_record
from trading.domain.market.bars import BarArrays
from trading.domain.policy import Policy, RiskPolicy, SavingsPolicy, SchedulingPolicy
from trading.domain.reasons import Gate
from trading.services.journal.replay import bars_in_order
from trading.services.sessions.blueprint import state_build

BARS = 700
# limits that count (seats, positions) and the desk's health are the session's, not a currency's
POLICY = Policy(
    scheduling=SchedulingPolicy(seats_per_bar=100),
    risk=RiskPolicy(max_open_positions=1000, max_exposure_pct=30.0),
    savings=SavingsPolicy(ratio=Decimal(0)),
)


def scaled(bars: BarArrays, factor: float) -> BarArrays:
    """Return the same market counted in another unit."""
    values = bars.values.copy()
    values[:4] *= factor
    return BarArrays(bars.open_time, np.ascontiguousarray(values), bars.flags)


def decisions(series: dict[str, BarArrays], bankrolls: dict[str, str]) -> dict[str, list[str]]:
    """Return every decision of a run by pair, in order, but for the gate that counts positions."""
    by_quote = {quote: Decimal(amount) for quote, amount in bankrolls.items()}
    config = DeskConfig(bots=BotsConfig(bankroll_by_quote=by_quote), policy=POLICY)
    driver = DeskDriver(state_build(blueprint(sorted(series), config), session_key="law"))
    found: dict[str, list[str]] = {pair: [] for pair in series}
    for seq, (pair, bar) in enumerate(bars_in_order(series), start=1):
        out = driver.step(seq, pair, bar)
        driver.send(out)
        found[pair] += [_amounts(row.record) for row in out.journal]
    return found


def _amounts(record: bytes) -> str:
    read = unpack_record(record)
    gates = tuple(g for g in read.gates if g.gate is not Gate.POSITIONS)
    return repr(replace(read, gates=gates))  # as text: NaN equals itself


@given(
    seed=st.integers(1, 40),
    stranger=st.sampled_from(["CCC/BTC", "AAA/BTC", "ZZZ/BTC"]),
    factor=st.sampled_from([1e-7, 2e-5, 1.0, 1e4]),
)
# a whole run of the core is an example: finding a smaller one takes longer than reading it
@settings(max_examples=6, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
def test_bots_of_another_currency_change_nothing_for_a_bot(
    seed: int, stranger: str, factor: float
) -> None:
    mine: dict[str, Any] = {
        "BBB/USDT": random_walk(BARS, seed * 100),
        "CCC/USDT": random_walk(BARS, seed * 100 + 1),
    }
    others = {stranger: scaled(random_walk(BARS, seed * 100 + 2), factor)}
    bankrolls = {"USDT": "1000", "BTC": str(1000 * factor)}
    alone = decisions(mine, bankrolls)
    together = decisions(mine | others, bankrolls)
    assert {pair: together[pair] for pair in mine} == alone
