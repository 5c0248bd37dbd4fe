"""Find limits that can never stop anything, and limits that nothing can ever pass.

Only arithmetic that holds on every market counts: equity does not fall below zero, nothing is
bought with borrowed money, a fall within a day is part of the fall from the peak.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from trading.base.domain.money import BPS
from trading.desk.domain.config import DeskConfig
from trading.desk.domain.policy import Policy, RiskPolicy, Sizing
from trading.signals.domain.proposals import conviction
from trading.treasury.domain.equilibrium import MIN_SCORED, miss_of, score_floor, score_most
from trading.treasury.domain.policy import FeePolicy, SavingsPolicy


class Threshold(NamedTuple):
    """A limit that does nothing (inert) or refuses everything (contradiction), and why."""

    code: str
    path: str
    message: str


# the average miss of the forecasts, of the entry's value, that no market can be asked to exceed
MOST_MISS = 1.0
WHOLE = 100.0  # %


def idle_thresholds(config: DeskConfig) -> Iterator[Threshold]:
    """Yield every limit of risk and savings that cannot bind, or cannot be passed."""
    policy = config.policy
    yield from _risk(policy.risk)
    yield from _blocked(policy)
    yield from _seats(config)
    yield from _score(policy)
    yield from _transfer(policy.savings)


def _risk(risk: RiskPolicy) -> Iterator[Threshold]:
    inert = (
        (
            risk.max_exposure_pct >= WHOLE,
            "max_exposure_pct",
            "nothing is bought with borrowed money, so exposure stays below 100 %",
        ),
        (risk.max_drawdown_pct >= WHOLE, "max_drawdown_pct", "equity does not fall below zero"),
        (
            risk.daily_loss_pct >= risk.max_drawdown_pct > 0,
            "daily_loss_pct",
            f"the fall since midnight is part of the drawdown, which stops entries at "
            f"{risk.max_drawdown_pct:g} % before; only on a day of a re-arm it could",
        ),
    )
    for is_inert, name, why in inert:
        if is_inert:
            path = f"policy.risk.{name}"
            message = f"{path} is {getattr(risk, name):g} %: the limit never binds, because {why}"
            yield Threshold("inert", path, message)


def _blocked(policy: Policy) -> Iterator[Threshold]:
    risk = policy.risk
    names = ["position_pct", "max_exposure_pct", "daily_loss_pct", "max_drawdown_pct"]
    if policy.execution.sizing is Sizing.RISK:
        names.append("risk_per_trade_pct")
    zeros = [name for name in names if getattr(risk, name) == 0]
    if zeros:
        message = (
            f"policy.risk has {' and '.join(zeros)} at 0: "
            "no entry can ever pass; pause the desk instead"
        )
        yield Threshold("contradiction", "policy.risk", message)


def _seats(config: DeskConfig) -> Iterator[Threshold]:
    """Yield the limit of open positions where there are not even as many bots."""
    bots = len(config.bots.strategies) * len(config.market.pairs)
    most, path = config.policy.risk.max_open_positions, "policy.risk.max_open_positions"
    if 0 < bots <= most:
        message = (
            f"{path} is {most}, but {len(config.bots.strategies)} strategies on "
            f"{len(config.market.pairs)} pairs are {bots} bots with one position each: "
            "the limit never binds"
        )
        yield Threshold("inert", path, message)


def _score(policy: Policy) -> Iterator[Threshold]:
    savings, path = policy.savings, "policy.savings.score_min"
    least = savings.score_min
    if least == 0:
        return
    most = score_most(conviction(1.0, 1.0, policy.signals))
    if least > most:
        message = f"{path} is {least:g}, but a score reaches at most {most:.3f}: nothing is saved"
        yield Threshold("contradiction", path, message)
        return
    if savings.min_closes < MIN_SCORED:
        few = "policy.savings.min_closes"
        message = (
            f"{few} is {savings.min_closes}, but there is no score below {MIN_SCORED} round trips "
            f"and {path} asks for one: {MIN_SCORED} are needed"
        )
        yield Threshold("contradiction", few, message)
    if (miss := miss_of(least)) >= MOST_MISS:
        message = (
            f"{path} is {least:g}: the threshold never binds, because forecasts would have to miss "
            f"by more than {miss * WHOLE:.0f} % of the entry's value on average; "
            f"only above {score_floor(MOST_MISS):g} it can"
        )
        yield Threshold("inert", path, message)


def _transfer(savings: SavingsPolicy) -> Iterator[Threshold]:
    is_transfer = savings.fee_policy is FeePolicy.TRANSFER_COST
    if is_transfer and savings.fee_guard * savings.transfer_bps >= BPS:
        path = "policy.savings.fee_guard"
        message = (
            f"{path} is {savings.fee_guard} and transfer_bps {savings.transfer_bps}: the fees of a "
            "slice grow faster than the slice, so none is ever saved"
        )
        yield Threshold("contradiction", path, message)
