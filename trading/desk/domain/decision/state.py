"""Everything the decision core remembers between two bars, and nothing else.

The state is plain: scalars, Decimals, frozen values of the execution and treasury rooms, and
numpy arrays. It can be written to a snapshot and read back so that the run continues bit for bit.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, NamedTuple

from trading.base.domain.money import canonical, total
from trading.base.domain.reasons import TradingState
from trading.desk.domain.decision.journal import GENESIS, hash_of
from trading.desk.domain.decision.standing import Standing, standing_of
from trading.desk.domain.execution.orders import Order, OrderPurpose
from trading.desk.domain.execution.positions import PositionState
from trading.desk.domain.execution.stops import StopState
from trading.desk.domain.policy import BotRules, Policy
from trading.learning.domain.forecasting.runs import Shelf
from trading.market.domain.bars import FloatArray
from trading.market.domain.costs import CostModel, VenueCosts
from trading.market.domain.instruments import Instrument
from trading.market.domain.ring.buffer import RingBuffer
from trading.signals.domain.features import FeatureBank
from trading.signals.domain.strategies.base import Decide, Strategy
from trading.treasury.domain.equilibrium import EquilibriumState

LONG_AGO: Final = 10**9  # bars; "never happened" for cooldowns


@dataclass(frozen=True, slots=True)
class BotSpec:
    """What a bot is: fixed for the life of a session."""

    index: int
    pair: str
    strategy: Strategy
    params: dict[str, float]
    bankroll: Decimal
    native_balance: Decimal
    rules: BotRules = field(default_factory=BotRules)
    costs: CostModel | None = None  # of its own fills; None means the pair's


@dataclass(slots=True)
class BotState:
    """What a bot has and owes right now."""

    spec: BotSpec
    policy: Policy  # the desk's with the bot's rules applied
    cash: Decimal
    native_balance: Decimal
    kernel_state: FloatArray
    kernel_params: FloatArray
    min_bars: int
    reserved: Decimal = Decimal(0)
    realised_pnl: Decimal = Decimal(0)
    position: PositionState | None = None
    stop: StopState | None = None
    orders: dict[str, Order] = field(default_factory=dict)  # working ones only
    recent: dict[str, Order] = field(default_factory=dict)  # final ones a late report may touch
    n_positions: int = 0
    n_round_trips: int = 0
    n_wins: int = 0
    loss_streak: int = 0
    exit_bar: int = -LONG_AGO  # the pair's bar count when the bot last left a position
    streak_bar: int = -LONG_AGO  # and when its last run of losses was complete
    entry_atr: float = 0.0
    entry_conviction: float = 0.0
    entry_forecast: float = 0.0
    ratchet_epoch: int = -1  # epoch the stop was last looked at under
    exit_reason: int = 0  # of the exit order now working
    equity: float = 0.0
    peak_equity: float = 0.0
    day_equity: float = 0.0
    trading_state: TradingState = TradingState.ACTIVE
    is_flatten_ordered: bool = False
    standing: Standing | None = None  # None from a change until it is asked for

    def touch(self) -> None:
        """Say that something besides prices changed that a decision depends on."""
        self.standing = None

    def stand(self, epoch: int) -> Standing:
        """Return where the bot stands, under the session's facts up to ``epoch``."""
        if self.standing is None:
            money, orders = total(self.cash, self.reserved), self.orders.values()
            self.standing = standing_of(
                self._fingerprint(epoch), money, self.position, self.stop, orders,
                wants_stop=self.policy.stops.enabled,
            )  # fmt: skip
        return self.standing

    def _fingerprint(self, epoch: int) -> int:
        # all of it stands in the books, and nothing that a bar may change without a touch: whoever
        # reckons it, whenever between two changes, gets the same
        position, stop = self.position, self.stop
        parts = (
            canonical(self.cash), canonical(self.reserved), canonical(self.native_balance),
            self.n_positions, self.loss_streak,
            position and (canonical(position.quantity), canonical(position.average_entry_price)),
            stop and (canonical(stop.current_stop), stop.revision),
            sorted(_order_mark(order) for order in self.orders.values()),
            self.day_equity, int(self.trading_state), self.is_flatten_ordered, epoch,
        )  # fmt: skip
        return hash_of(repr(parts).encode())

    def working(self, purpose: OrderPurpose) -> Order | None:
        """Return the working order of that purpose, if any (there is at most one)."""
        for order in self.orders.values():
            if order.purpose is purpose:
                return order
        return None

    def mark(self, equity: float, *, is_confirmed: bool = True) -> None:
        """Set the equity (quote, savings included); at an outlier's price it is no peak."""
        self.equity = equity
        if is_confirmed:
            self.peak_equity = max(self.peak_equity, equity)


def _order_mark(order: Order) -> tuple[str, str, Decimal, Decimal, bool]:
    # not the id: it names the session, and two sessions may decide the same
    amounts = canonical(order.quantity), canonical(order.filled_quantity)
    return order.purpose, order.status, *amounts, order.is_triggered


class BotSlot(NamedTuple):
    """What the core touches for a bot on every bar, resolved once."""

    bot_index: int
    bot: BotState
    decide: Decide
    view: FloatArray  # the bot's feature values; the same array on every bar
    kernel_params: FloatArray
    kernel_state: FloatArray
    min_bars: int


@dataclass(slots=True)
class PairState:
    """One pair's market memory, shared by the bots on it."""

    name: str
    instrument: Instrument
    swap_costs: CostModel | None  # fixed on-chain schedule; None means the policy's venue fees
    costs: CostModel
    own_costs: dict[int, CostModel]  # by bot index, where a bot's fills cost something else
    ring: RingBuffer
    bank: FeatureBank
    slots: list[BotSlot]
    core_view: FloatArray  # average true range for stops
    bar: FloatArray  # float64[5], the bar being decided on; the bank's own view of it
    out: FloatArray  # float64[2], strength and confidence of the last signal
    n_bars: int = 0
    bars_since_gap: int = LONG_AGO
    data_hash: int = 0
    day: int = -1
    last_close: float = 0.0
    trusted_close: float = 0.0  # the lower end of the body where the bar is an outlier
    last_open_time: int = -1

    def costs_of(self, bot_index: int) -> CostModel:
        """Return what a fill of the bot costs."""
        return self.own_costs.get(bot_index, self.costs)


@dataclass(slots=True)
class DeskState:
    """The whole of it, for one session."""

    session_key: str
    step_ms: int
    policy: Policy
    pairs: dict[str, PairState]
    bots: list[BotState]
    equilibrium: EquilibriumState
    epoch: int = 0  # number of the newest fact that steers
    facts_n: int = 0  # number of the newest fact of all
    seq: int = 0
    time: int = 0  # close of the newest bar, ms UTC
    open_time: int = -1  # of the newest step's bars, ms UTC; of a pair that catches up before that
    is_over: bool = False
    digest: bytes = GENESIS
    n_decisions: int = 0
    seats: dict[int, int] = field(default_factory=dict)  # entries ordered, by bar time
    stale_through_seq: int = 0
    stale_now_ms: int = 0
    clock_skew_s: float = 0.0
    clock_limit_s: float = 0.0
    shelf: Shelf = field(default_factory=Shelf)  # forecasts that came in
    absent: tuple[str, ...] = ()  # pairs that bars came of before, but none of the newest time
    warm_through_seq: int = 0  # bars up to here only warm the strategies up; fixed at the start

    def pair_of_order(self, client_order_id: str) -> PairState | None:
        """Return the pair of an order of ours that is working or only just over, else None."""
        for bot in self.bots:
            if client_order_id in bot.orders or client_order_id in bot.recent:
                return self.pairs[bot.spec.pair]
        return None

    def absent_from(self, pairs: Collection[str]) -> tuple[str, ...]:
        """Return the pairs that had bars before and have none among those of a newer time."""
        return tuple(name for name, pair in self.pairs.items() if pair.n_bars and name not in pairs)

    def is_late(self, seq: int) -> bool:
        """Return whether a bar was read behind the market, at ``stale_now_ms``."""
        return seq <= self.stale_through_seq

    def obey(self, policy: Policy) -> None:
        """Make ``policy`` the desk's, and with its rules every bot's."""
        self.policy = policy
        for bot in self.bots:
            bot.policy = bot.spec.rules.applied(policy)
        for pair in self.pairs.values():
            pair.costs = pair_costs(pair.swap_costs, policy)


def pair_costs(swap_costs: CostModel | None, policy: Policy) -> CostModel:
    """Return what a fill on the pair costs: its own schedule, else the policy's venue fees."""
    return swap_costs if swap_costs is not None else VenueCosts.from_policy(policy.execution)
