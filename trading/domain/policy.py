"""Every number the decision core obeys, as frozen values with their unit and allowed range.

These classes are the one truth of the configuration: the layered YAML, the database overrides and
the environment are validated against them, and a session reads one ``Policy`` per bar. Amounts of
money are Decimal; thresholds compared with array values are float.

Sources: client plan 0 (savings 15 %, guard 1.89, native gas 0.01), reference specification desk
6.4, 8.4 and platform 1.2, 2.4, 2.5 for the starting values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from trading.domain.market.currencies import check_amounts, check_code

Bound = float | Decimal | None


class FeePolicy(StrEnum):
    """What "estimated fees" means in the savings guard."""

    PLAN_NOTIONAL_GUESS = "plan_notional_guess"  # 0.65 % of exit notional, as the client's plan
    ACTUAL_TRADE_FEES = "actual_trade_fees"  # fees, slippage and gas of the round trip
    TRANSFER_COST = "transfer_cost"  # cost of moving the slice itself


class Sizing(StrEnum):
    """How much of the bankroll an entry uses."""

    RISK = "risk"  # lose risk_per_trade_pct of equity at the stop, capped by position_pct
    ALL_IN = "all_in"  # all free cash, as the optimizer's evaluator does


class EntryOrder(StrEnum):
    """How entries reach the market."""

    MARKET = "market"
    LIMIT = "limit"


class EntryGates(StrEnum):
    """Who decides that a buy signal is acted on."""

    DESK = "desk"  # every gate of the desk
    SYSTEM = "system"  # the strategy alone; only data, gas, operator and cash may refuse


def setting(default: Any, doc: str, unit: str = "", low: Bound = None, high: Bound = None) -> Any:
    """Return a dataclass field that carries its one-line doc, its unit and its inclusive range.

    A ``default`` that can be called (a class, a function) is used as the default factory.
    """
    metadata = {"doc": doc, "unit": unit, "low": low, "high": high}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


def range_text(metadata: Mapping[str, Any]) -> str:
    """Return the allowed range in words, such as ``0 to 100 %``; empty when there is none."""
    low, high, unit = metadata.get("low"), metadata.get("high"), metadata.get("unit", "")
    if low is None and high is None:
        return ""
    if high is None:
        return f"at least {low} {unit}".strip()
    if low is None:
        return f"at most {high} {unit}".strip()
    return f"{low} to {high} {unit}".strip()


def is_in_range(value: Any, metadata: Mapping[str, Any]) -> bool:
    """Return whether the value lies in the field's range; NaN never does."""
    low, high = metadata.get("low"), metadata.get("high")
    return (low is None or value >= low) and (high is None or value <= high)


def check_ranges(section: Any) -> None:
    """Refuse a section with a value outside the range its field declares.

    Raises:
        ValueError: naming the field, its value and the range.
    """
    for name, spec in section.__dataclass_fields__.items():
        value = getattr(section, name)
        if not is_in_range(value, spec.metadata):
            raise ValueError(f"{name} was {value}; expected {range_text(spec.metadata)}")


@dataclass(frozen=True, slots=True)
class SignalPolicy:
    """From trigger to proposal."""

    score_min: float = setting(0.10, "Least strength times confidence", "ratio", 0, 1)
    conviction_min: float = setting(0.28, "Least conviction for a proposal", "ratio", 0, 1)
    weight_strength: float = setting(0.5, "Weight of strength in conviction", "factor", 0, 1)
    weight_confidence: float = setting(0.3, "Weight of confidence in conviction", "factor", 0, 1)
    gap_cooldown_bars: int = setting(3, "Bars without entries after missing bars", "bars", 0, 1000)

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True)
class ForecastPolicy:
    """What the forecast must say before an entry."""

    horizon_bars: int = setting(12, "Prediction distance", "bars", 1, 10_000)
    p_up_min: float = setting(0.45, "Least probability for the proposal's side", "ratio", 0, 1)

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True)
class SchedulingPolicy:
    """Which proposal travels next on the bus."""

    edge_cost_multiple: float = setting(
        2.0, "Target distance must be at least this many round-trip costs", "factor", 0, 100
    )
    seats_per_bar: int = setting(2, "Entries a session may order on one bar time", "orders", 1, 100)
    cooldown_bars: int = setting(
        6, "Bars between an exit and the next entry of a bot", "bars", 0, 10_000
    )
    native_gas_min: Decimal = setting(
        Decimal("0.01"), "Least native balance for an entry on a chain", "native coin", 0, 1000
    )

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True)
class RiskPolicy:
    """Limits every entry is held against; exits are never refused by them."""

    max_open_positions: int = setting(6, "Open positions per session", "positions", 1, 1000)
    max_exposure_pct: float = setting(
        80.0, "Open notional, of the session's equity in the same currency", "%", 0, 1000
    )
    position_pct: float = setting(50.0, "Largest position, of the bot's equity", "%", 0, 100)
    risk_per_trade_pct: float = setting(1.5, "Loss at the stop, of the bot's equity", "%", 0, 100)
    daily_loss_pct: float = setting(3.0, "Loss since midnight UTC that stops entries", "%", 0, 100)
    max_drawdown_pct: float = setting(25.0, "Bot drawdown that stops entries", "%", 0, 100)
    loss_streak: int = setting(4, "Losses in a row that start a cooldown", "round trips", 1, 1000)
    loss_streak_cooldown_bars: int = setting(48, "Length of that cooldown", "bars", 0, 100_000)
    max_bar_age_bars: float = setting(
        1.0, "Oldest bar of a followed venue an entry acts on, in its own length", "bars", 0.1, 100
    )
    max_bar_age_s: float = setting(600.0, "And never older than this", "s", 1, 86_400)

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True)
class ExecutionPolicy:
    """How orders are built and what a fill costs in ghost and replay."""

    entry_order: EntryOrder = setting(EntryOrder.MARKET, "How entries reach the market")
    limit_ttl_bars: int = setting(2, "Life of a limit entry", "bars", 1, 1000)
    sizing: Sizing = setting(Sizing.RISK, "How much of the bankroll an entry uses")
    taker_fee_bps: float = setting(10.0, "Venue fee of a market fill", "bps", 0, 1000)
    maker_fee_bps: float = setting(8.0, "Venue fee of a resting limit fill", "bps", 0, 1000)
    slippage_bps: float = setting(2.0, "Assumed slippage of a market fill", "bps", 0, 1000)
    participation_pct: float = setting(
        10.0, "Share of a bar's volume all orders together may take, 0 for no limit", "%", 0, 100
    )
    gas_per_swap_native: Decimal = setting(
        Decimal("0.00015"), "Native coin one on-chain swap burns", "native coin", 0, 1000
    )

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True)
class StopPolicy:
    """Protection of an open position; a stop never loosens."""

    enabled: bool = setting(True, "Protect open positions with a stop")
    atr_multiple: float = setting(3.0, "Initial stop distance", "ATR", 0.1, 100)
    target_multiple: float = setting(12.0, "Profit target distance, 0 for none", "ATR", 0, 1000)
    emergency_pct: float = setting(2.0, "Least stop distance of a rebuilt stop", "%", 0.01, 100)
    breakeven_pct: float = setting(
        1.0, "Gain that lifts the stop to the entry, 0 for never", "%", 0, 100
    )
    trail_activation_pct: float = setting(1.5, "Gain that starts trailing", "%", 0, 100)
    trail_atr_multiple: float = setting(4.0, "Trailing distance", "ATR", 0.1, 100)
    max_hold_bars: int = setting(864, "Longest holding time, 0 for none", "bars", 0, 1_000_000)

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True)
class SavingsPolicy:
    """The 15 % discipline."""

    ratio: Decimal = setting(Decimal("0.15"), "Share of each realised profit", "ratio", 0, 0.5)
    fee_guard: Decimal = setting(
        Decimal("1.89"), "The slice must be at least this many times the fees", "factor", 0, 100
    )
    fee_policy: FeePolicy = setting(
        FeePolicy.PLAN_NOTIONAL_GUESS, "What the guard means by estimated fees"
    )
    plan_fee_ratio: Decimal = setting(
        Decimal("0.0065"), "Plan's guess: 0.15 % gas and 0.5 % tax of exit notional", "ratio", 0, 1
    )
    transfer_fixed: Decimal = setting(
        Decimal("0.10"),
        "Fixed cost of moving a slice (transfer_cost policy); scaled to the quote",
        "dollars",
        0,
        1000,
    )
    transfer_fixed_by_quote: dict[str, Decimal] = setting(
        dict, "The same where a quote currency has a cost of its own"
    )
    transfer_bps: Decimal = setting(
        Decimal("10"),
        "Proportional cost of moving a slice (transfer_cost policy)",
        "bps",
        0,
        10_000,
    )
    dust: Decimal = setting(
        Decimal("0.01"), "Slices below this are dust; scaled to the quote", "dollars", 0, 1000
    )
    dust_by_quote: dict[str, Decimal] = setting(
        dict, "The same where a quote currency has a limit of its own"
    )
    token: str = setting("USDC", "Stable coin for savings from pairs that have none themselves")
    min_closes: int = setting(
        16, "Closed round trips before the desk counts as healthy", "round trips", 0, 10_000
    )
    window: int = setting(
        128, "Round trips the health verdict looks back on", "round trips", 1, 10_000
    )
    score_min: float = setting(0.15, "Least equilibrium score", "ratio", 0, 1)

    def __post_init__(self) -> None:
        check_ranges(self)
        check_amounts("transfer_fixed_by_quote", self.transfer_fixed_by_quote)
        check_amounts("dust_by_quote", self.dust_by_quote)
        check_code("token", self.token)
        if self.min_closes > self.window:
            raise ValueError(
                f"min_closes was {self.min_closes}; expected at most window {self.window}"
            )


@dataclass(frozen=True, slots=True)
class Policy:
    """All of it; one value per configuration revision."""

    signals: SignalPolicy = field(default_factory=SignalPolicy)
    forecast: ForecastPolicy = field(default_factory=ForecastPolicy)
    scheduling: SchedulingPolicy = field(default_factory=SchedulingPolicy)
    risk: RiskPolicy = field(default_factory=RiskPolicy)
    execution: ExecutionPolicy = field(default_factory=ExecutionPolicy)
    stops: StopPolicy = field(default_factory=StopPolicy)
    savings: SavingsPolicy = field(default_factory=SavingsPolicy)


@dataclass(frozen=True, slots=True)
class BotRules:
    """Where one bot departs from the desk's policy; the defaults change nothing.

    Attributes:
        gates: which gates an entry passes.
        sizing: how much an entry uses, None for the desk's way.
        is_stopped: whether the desk's stops protect its positions.
        is_saving: whether savings checkpoints set money aside; else each one is skipped.
    """

    gates: EntryGates = EntryGates.DESK
    sizing: Sizing | None = None
    is_stopped: bool = True
    is_saving: bool = True

    def applied(self, policy: Policy) -> Policy:
        """Return the policy this bot obeys while ``policy`` is the desk's."""
        if self.gates is EntryGates.SYSTEM:
            policy = replace(policy, signals=replace(policy.signals, gap_cooldown_bars=0))
        if self.sizing is not None:
            execution = replace(policy.execution, sizing=self.sizing, entry_order=EntryOrder.MARKET)
            policy = replace(policy, execution=execution)
        if not self.is_stopped:
            policy = replace(policy, stops=replace(policy.stops, enabled=False))
        if not self.is_saving:
            policy = replace(policy, savings=replace(policy.savings, ratio=Decimal(0)))
        return policy
