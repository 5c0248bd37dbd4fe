"""Read the savings checkpoints and say what the rule in force lets through.

The rule: 15 % of each realised profit is set aside when that slice is at least 1.89 times the
estimated fees and the desk is in equilibrium (client plan 0; specification desk 6.4). With the
plan's fee guess the guard hangs on the exit notional, so no profit below about 8.2 % of notional
can ever pass; the page states that instead of hiding it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db.models import Count

from trading.base.domain.currencies import currency_of
from trading.base.selectors.figures import amount_text, percent_text, quantity_text
from trading.desk.domain.decision.facts import FactKind
from trading.desk.models import SavingsCheckpoint, SessionFact
from trading.desk.selectors.sentences import passing_profit, skip_title
from trading.treasury.domain.policy import FeePolicy, SavingsPolicy
from trading.treasury.domain.savings import guess_break_even_pct

FEE_POLICY_TEXT: Final = {
    "plan_notional_guess": "the plan's fee guess",
    "actual_trade_fees": "the trade's actual fees",
    "transfer_cost": "the cost of moving the slice",
}


@dataclass(frozen=True, slots=True)
class CheckpointView:
    """One checkpoint as a line; ``event_time`` in ms UTC."""

    id: int
    pair: str
    strategy: str
    is_accepted: bool
    reason_title: str
    sentence: str
    reserved: Decimal
    profit: Decimal
    quote: str
    token: str
    event_time: int


@dataclass(frozen=True, slots=True)
class SavingsSummary:
    """Counts and what is needed to pass."""

    n_accepted: int
    skipped: tuple[tuple[str, int], ...]  # reason in words, count
    reserved: tuple[tuple[str, Decimal], ...]  # quote, amount

    @property
    def n_total(self) -> int:
        """Return how many checkpoints were evaluated."""
        return self.n_accepted + sum(n for _, n in self.skipped)


def checkpoint_list(session_ids: Sequence[int], limit: int = 8) -> tuple[CheckpointView, ...]:
    """Return the newest checkpoints, newest first."""
    rows = SavingsCheckpoint.objects.filter(session_id__in=session_ids).select_related("bot")
    return tuple(_view(row) for row in rows.order_by("-id")[:limit])


def _view(row: SavingsCheckpoint) -> CheckpointView:
    return CheckpointView(
        id=row.pk,
        pair=row.bot.pair,
        strategy=row.bot.strategy,
        is_accepted=row.is_accepted,
        reason_title="reserved" if row.is_accepted else skip_title(row.skip_reason),
        sentence=_sentence(row),
        reserved=row.reserved,
        profit=row.profit,
        quote=row.quote,
        token=row.token,
        event_time=row.event_time,
    )


def _sentence(row: SavingsCheckpoint) -> str:
    quote = row.quote
    slice_text = amount_text(row.candidate, quote)
    if row.is_accepted:
        purpose = "" if row.token == quote else f" for {row.token}, still in {quote}"
        return (
            f"Reserved {amount_text(row.reserved, quote)}{purpose}: "
            f"{percent_text(row.ratio * 100, 0, signed=False)} of "
            f"{amount_text(row.profit, quote)} profit, guard "
            f"{amount_text(row.required_min, quote)}."
        )
    if row.skip_reason == "checkpoint_below_fee_buffer":
        return (
            f"Skipped: slice {slice_text} is below {quantity_text(row.fee_guard)} × fees "
            f"({amount_text(row.required_min, quote)}).{_would_pass(row, quote)}"
        )
    if row.skip_reason == "not_healthy":
        return (
            f"Skipped: the desk is not in equilibrium (score {row.equilibrium_score:.2f}); "
            f"the slice would be {slice_text}.{_would_pass(row, quote)}"
        )
    return f"Skipped: {skip_title(row.skip_reason)}; the slice would be {slice_text}."


def _would_pass(row: SavingsCheckpoint, quote: str) -> str:
    unit = currency_of(quote, row.bot.bankroll).unit
    needed = passing_profit(row.required_min, row.ratio, unit)
    if needed is None or row.candidate >= row.required_min:
        return ""
    return f" It would pass from a profit of {amount_text(needed, quote)}."


def savings_summary(session_ids: Sequence[int]) -> SavingsSummary:
    """Return how many checkpoints passed and, by reason, how many did not."""
    rows = SavingsCheckpoint.objects.filter(session_id__in=session_ids)
    skipped = (
        rows.filter(is_accepted=False)
        .order_by()
        .values_list("skip_reason")
        .annotate(n=Count("id"))
        .order_by("-n")
    )
    reserved: dict[str, Decimal] = {}
    for quote, amount in rows.filter(is_accepted=True).values_list("quote", "reserved"):
        reserved[quote] = reserved.get(quote, Decimal(0)) + amount
    return SavingsSummary(
        n_accepted=rows.filter(is_accepted=True).count(),
        skipped=tuple((skip_title(reason), n) for reason, n in skipped),
        reserved=tuple(sorted(reserved.items())),
    )


@dataclass(frozen=True, slots=True)
class SavingsRule:
    """The rule as the newest policy of a session states it."""

    ratio: Decimal
    fee_guard: Decimal
    fee_policy: str
    token: str
    break_even_pct: float | None

    @property
    def sentence(self) -> str:
        """Return what the rule needs, in one sentence an operator can act on."""
        share = percent_text(self.ratio * 100, 0, signed=False)
        guard = quantity_text(self.fee_guard)
        policy = FEE_POLICY_TEXT.get(self.fee_policy, self.fee_policy)
        if self.break_even_pct is None:
            return (
                f"Saves {share} of each realised profit when that slice reaches {guard} × {policy}."
            )
        return (
            f"With {policy} a profit below {percent_text(self.break_even_pct, signed=False)} of "
            f"notional never passes: {share} of it must reach {guard} × the fees."
        )


def savings_rule(session_ids: Sequence[int]) -> SavingsRule | None:
    """Return the rule in force by the newest policy any of the sessions recorded, None without."""
    inputs = SessionFact.objects.filter(
        session_id__in=session_ids,
        kind__in=(FactKind.START, FactKind.POLICY),
    )
    newest = inputs.order_by("-created_at", "-id").first()
    if newest is None:
        return None
    stated = newest.payload.get("policy", {}).get("savings", {})
    policy = SavingsPolicy(
        ratio=Decimal(str(stated["ratio"])),
        fee_guard=Decimal(str(stated["fee_guard"])),
        fee_policy=FeePolicy(stated["fee_policy"]),
        plan_fee_ratio=Decimal(str(stated["plan_fee_ratio"])),
        token=stated["token"],
    )
    return SavingsRule(
        ratio=policy.ratio,
        fee_guard=policy.fee_guard,
        fee_policy=policy.fee_policy.value,
        token=policy.token,
        break_even_pct=guess_break_even_pct(policy),
    )
