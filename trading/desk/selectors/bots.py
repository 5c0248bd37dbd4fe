"""Read the desk's bots with their money, results and last decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from trading.base.domain.reasons import OUTCOME_TEXT, QUIET_OUTCOMES, Outcome
from trading.desk.models import Bot, Position


@dataclass(frozen=True, slots=True)
class BotView:
    """One bot; amounts in its quote currency, ``equity`` includes what savings reserved.

    ``name`` is that of an installed bot, empty for the others.
    """

    id: int
    session_id: int
    index: int
    name: str
    pair: str
    strategy: str
    quote: str
    bankroll: Decimal
    cash: Decimal
    reserved: Decimal
    realised_pnl: Decimal
    equity: Decimal
    peak_equity: Decimal | None
    n_round_trips: int
    n_wins: int
    outcome: Outcome | None
    last_bar_time: int | None
    is_in_position: bool

    @property
    def control_name(self) -> str:
        """Return the name under which orders for this bot are kept: its own where it has one."""
        return self.control_names[0]

    @property
    def control_names(self) -> tuple[str, ...]:
        """Return every name of scope ``bot`` that covers it, the narrowest first."""
        shared = f"{self.pair} {self.strategy}"
        return (self.name, shared) if self.name else (shared,)

    @property
    def drawdown_pct(self) -> float:
        """Return how far equity is below its peak, in percent of that; 0 before the first bar."""
        if not self.peak_equity or self.equity >= self.peak_equity:
            return 0.0
        return float((1 - self.equity / self.peak_equity) * 100)

    @property
    def return_pct(self) -> float:
        """Return equity against the bankroll, in percent."""
        return float((self.equity / self.bankroll - 1) * 100) if self.bankroll else 0.0

    @property
    def win_rate_pct(self) -> float | None:
        """Return the share of round trips that earned money, None before the first."""
        return 100 * self.n_wins / self.n_round_trips if self.n_round_trips else None

    @property
    def outcome_text(self) -> str:
        """Return what the bot did with its last bar."""
        return "no bar yet" if self.outcome is None else OUTCOME_TEXT[self.outcome]

    @property
    def is_blocked(self) -> bool:
        """Return True when the last bar brought a signal that a gate refused."""
        return (
            self.outcome is not None
            and self.outcome not in QUIET_OUTCOMES
            and self.outcome >= Outcome.BAR_QUARANTINED
        )


def bot_list(session_ids: Sequence[int]) -> tuple[BotView, ...]:
    """Return every bot of the sessions, in their fixed order."""
    holding = set(
        Position.objects.filter(session_id__in=session_ids, is_open=True).values_list(
            "bot_id", flat=True
        )
    )
    bots = Bot.objects.filter(session_id__in=session_ids).order_by("session_id", "index")
    return tuple(_view(bot, bot.pk in holding) for bot in bots)


def bot_get(bot_id: int) -> BotView | None:
    """Return one bot, or None when there is none of this number."""
    bot = Bot.objects.filter(pk=bot_id).first()
    return None if bot is None else _view(bot, bot.positions.filter(is_open=True).exists())


def _view(bot: Bot, is_in_position: bool) -> BotView:
    return BotView(
        id=bot.pk,
        session_id=bot.session_id,
        index=bot.index,
        name=bot.name,
        pair=bot.pair,
        strategy=bot.strategy,
        quote=bot.quote,
        bankroll=bot.bankroll,
        cash=bot.cash,
        reserved=bot.reserved,
        realised_pnl=bot.realised_pnl,
        equity=bot.equity,
        peak_equity=bot.peak_equity,
        n_round_trips=bot.n_round_trips,
        n_wins=bot.n_wins,
        outcome=None if bot.last_outcome is None else Outcome(bot.last_outcome),
        last_bar_time=bot.last_bar_time,
        is_in_position=is_in_position,
    )


@dataclass(frozen=True, slots=True)
class MoneySummary:
    """All bots of one quote currency together."""

    quote: str
    bankroll: Decimal
    equity: Decimal
    reserved: Decimal
    realised_pnl: Decimal
    n_bots: int
    n_round_trips: int
    n_wins: int

    @property
    def return_pct(self) -> float:
        """Return equity against the bankroll, in percent."""
        return float((self.equity / self.bankroll - 1) * 100) if self.bankroll else 0.0

    @property
    def result(self) -> Decimal:
        """Return equity minus bankroll: realised and unrealised, savings included."""
        return self.equity - self.bankroll

    @property
    def win_rate_pct(self) -> float | None:
        """Return the share of round trips that earned money, None before the first."""
        return 100 * self.n_wins / self.n_round_trips if self.n_round_trips else None


def money_summaries(bots: Sequence[BotView]) -> tuple[MoneySummary, ...]:
    """Return the totals per quote currency, the one with most bots first.

    Currencies are never added up: there is no exchange rate here that an operator agreed to.
    """
    quotes = sorted({b.quote for b in bots}, key=lambda q: -sum(b.quote == q for b in bots))
    return tuple(_summary(q, [b for b in bots if b.quote == q]) for q in quotes)


def _summary(quote: str, bots: Sequence[BotView]) -> MoneySummary:
    zero = Decimal(0)
    return MoneySummary(
        quote=quote,
        bankroll=sum((b.bankroll for b in bots), zero),
        equity=sum((b.equity for b in bots), zero),
        reserved=sum((b.reserved for b in bots), zero),
        realised_pnl=sum((b.realised_pnl for b in bots), zero),
        n_bots=len(bots),
        n_round_trips=sum(b.n_round_trips for b in bots),
        n_wins=sum(b.n_wins for b in bots),
    )
