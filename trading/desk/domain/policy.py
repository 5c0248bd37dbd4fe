"""Every number the decision core obeys, as frozen values with their unit and allowed range.

These classes are the one truth of the configuration: the layered YAML, the database overrides and
the environment are validated against them, and a session reads one ``Policy`` per bar. Amounts of
money are Decimal; thresholds compared with array values are float.

Sources: client plan 0 (savings 15 %, guard 1.89, native gas 0.01), reference specification desk
6.4, 8.4 and platform 1.2, 2.4, 2.5 for the starting values.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from trading.base.domain.settings import check_ranges, setting
from trading.learning.domain.policy import ForecastPolicy
from trading.signals.domain.policy import SignalPolicy
from trading.treasury.domain.policy import SavingsPolicy


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
