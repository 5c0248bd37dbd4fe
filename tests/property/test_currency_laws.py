"""Laws of money in several currencies: a bot's results do not depend on who counts in another."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.fakes.foreseen import foresee_from
from tests.integration.sessions.market import blueprint, random_walk
from trading.base.domain.reasons import Gate
from trading.desk.domain.config import BotsConfig, DeskConfig
from trading.desk.domain.decision.driver import DeskDriver
from trading.desk.domain.decision.journal import unpack_record
from trading.desk.domain.policy import Policy, RiskPolicy, SchedulingPolicy
from trading.desk.services.journal.replay import bar_times, replay_run
from trading.desk.services.sessions.blueprint import state_build
from trading.market.domain.bars import BarArrays
from trading.treasury.domain.policy import FeePolicy, SavingsPolicy

BARS = 550
# limits that count (seats, positions) and the desk's health are the session's, not a currency's
POLICY = Policy(
    scheduling=SchedulingPolicy(seats_per_bar=100),
    risk=RiskPolicy(max_open_positions=1000, max_exposure_pct=30.0),
    savings=SavingsPolicy(ratio=Decimal(0)),
)

COUNTED = (Gate.POSITIONS, Gate.SEAT)  # of the session; here no count reaches its limit


def scaled(bars: BarArrays, factor: float, *, of_base: bool = False) -> BarArrays:
    """Return the same market counted in another unit: of the quote, or of the base."""
    values = bars.values.copy()
    values[:4] *= factor
    if of_base:  # a thousandth of the price, a thousand times the coins
        values[4] /= factor
    return BarArrays(bars.open_time, np.ascontiguousarray(values), bars.flags)


def decisions(series: dict[str, BarArrays], bankrolls: dict[str, str]) -> dict[str, list[str]]:
    """Return every decision of a run by pair, in order, but for the gates that count."""
    by_quote = {quote: Decimal(amount) for quote, amount in bankrolls.items()}
    config = DeskConfig(bots=BotsConfig(bankroll_by_quote=by_quote), policy=POLICY)
    plan = blueprint(sorted(series), config)
    driver = DeskDriver(state_build(plan, session_key="law"))
    foresee_from(driver, plan, bar_times(series))
    found: dict[str, list[str]] = {pair: [] for pair in series}
    for time in bar_times(series):
        out = driver.step(time.seq, time.bars)
        driver.send(out)
        for row in out.journal:
            found[driver.state.bots[row.bot_index].spec.pair].append(_amounts(row.record))
    return found


def _amounts(record: bytes) -> str:
    read = unpack_record(record)
    gates = tuple(g for g in read.gates if g.gate not in COUNTED)
    return repr(replace(read, gates=gates))  # as text: NaN equals itself


@given(
    seed=st.integers(1, 40),
    stranger=st.sampled_from(["CCC/BTC", "AAA/BTC", "ZZZ/BTC"]),
    factor=st.sampled_from([1e-7, 2e-5, 1.0, 1e4]),
)
# a whole run of the core is an example: finding a smaller one takes longer than reading it
@settings(max_examples=4, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
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


# every profit is looked at and small slices count, so that each threshold has its say
SAVING = Policy(
    risk=RiskPolicy(
        max_exposure_pct=1000, position_pct=100, daily_loss_pct=50, max_drawdown_pct=90,
        risk_per_trade_pct=5,
    ),
    savings=SavingsPolicy(
        min_closes=0, score_min=0, fee_policy=FeePolicy.TRANSFER_COST, transfer_fixed=Decimal("0.5")
    ),
)  # fmt: skip


@cache
def outcome(quote: str, factor: float, *, of_base: bool = False) -> tuple[Any, list[float]]:
    """Return what a replay of the same market in another unit counts, and its money's shares."""
    bankroll = Decimal(1000) if of_base else Decimal(1000) * Decimal(repr(factor))
    bots = BotsConfig(bankroll_by_quote={quote: bankroll})
    config = DeskConfig(bots=bots, policy=SAVING)
    series = {
        f"{base}/{quote}": scaled(random_walk(2500, seed), factor, of_base=of_base)
        for base, seed in (("AAA", 1), ("BBB", 2))
    }
    answer = replay_run(blueprint=blueprint(sorted(series), config), series=series).as_json()
    (money,) = answer["money"]
    counts = [answer["orders"], answer["fills"], answer["round_trips"], answer["denied"]]
    counts += [answer["savings"]["accepted"], answer["savings"]["skipped"]]
    return counts, [float(money[k] / bankroll) for k in ("realised_pnl", "fees", "reserved")]


@pytest.mark.parametrize(
    ("quote", "factor"),
    [("BTC", 2e-5), ("JPY", 1e2), ("PLS", 4e4), ("XYZ", 1e-9), ("XYZ", 1e-12)],
)
def test_the_same_candles_counted_in_another_currency_trade_and_save_alike(
    quote: str, factor: float
) -> None:
    counts, shares = outcome("USDT", 1.0)
    accepted, skipped = counts[-2:]
    assert accepted > 10
    assert skipped["checkpoint_below_fee_buffer"] > 0
    counts_there, shares_there = outcome(quote, factor)
    assert counts_there == counts
    # but for the last digit that is paid
    assert shares_there == pytest.approx(shares, rel=2e-3)


@pytest.mark.parametrize("factor", [1e-7, 1e4])
def test_coins_of_any_price_trade_and_save_alike(factor: float) -> None:
    counts, shares = outcome("USDT", 1.0)
    counts_there, shares_there = outcome("USDT", factor, of_base=True)
    assert counts_there == counts
    assert shares_there == pytest.approx(shares, rel=2e-3)
