"""Orders, fills, positions, stops and round trips: the record of what was done, never rewritten."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from trading.base.models.fields import MoneyField
from trading.desk.models.sessions import Bot, DeskSession


class Order(models.Model):
    """One order; its status follows the one state machine, its history is in OrderEvent."""

    session = models.ForeignKey(DeskSession, on_delete=models.CASCADE, related_name="orders")
    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="orders")
    client_order_id = models.CharField(max_length=36, unique=True)
    side = models.CharField(max_length=4)  # buy, sell
    type = models.CharField(max_length=12)  # market, limit, stop_market
    purpose = models.CharField(max_length=8)  # entry, exit, stop
    status = models.CharField(max_length=16)  # OrderStatus
    quantity = MoneyField(help_text="base")
    spend = MoneyField(null=True, help_text="quote, when the amount to spend was ordered")
    budget = MoneyField(null=True, help_text="quote left for a buy's fills")
    limit_price = MoneyField(null=True)
    stop_price = MoneyField(null=True)
    filled_quantity = MoneyField(default=0)
    average_price = MoneyField(null=True)
    reason = models.CharField(max_length=40, blank=True)
    bar_time = models.BigIntegerField(help_text="close time of the bar that ordered it, ms UTC")
    expires_bar_time = models.BigIntegerField(null=True, help_text="close of its last bar, ms UTC")
    sent_time = models.BigIntegerField(default=0, help_text="ms UTC, where its bar was seen late")
    is_triggered = models.BooleanField(default=False, help_text="a stop the market reached")
    ended_n = models.BigIntegerField(default=0, help_text="1, 2, 3 … per bot by end; 0: working")
    created_seq = models.BigIntegerField(help_text="stream bar that ordered it")
    updated_seq = models.BigIntegerField()

    class Meta:
        ordering = ("-id",)
        indexes = (
            # recovery: what is working, and what was over last
            models.Index(fields=("bot", "-ended_n"), name="order_ended"),
            models.Index(
                fields=("session", "status"),
                condition=~Q(status__in=("filled", "cancelled", "rejected", "expired")),
                name="order_working",
            ),
        )

    def __str__(self) -> str:
        return self.client_order_id


class OrderEvent(models.Model):
    """One step of one order's life."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="events")
    n = models.PositiveIntegerField()
    kind = models.CharField(max_length=16)
    payload = models.JSONField(default=dict)
    event_time = models.BigIntegerField(help_text="when it happened, ms UTC")

    class Meta:
        ordering = ("order", "n")
        constraints = (models.UniqueConstraint(fields=("order", "n"), name="orderevent_one_per_n"),)

    def __str__(self) -> str:
        return f"{self.order_id} {self.kind}"


class Position(models.Model):
    """Net quantity a bot holds; at most one open per bot."""

    session = models.ForeignKey(DeskSession, on_delete=models.CASCADE, related_name="positions")
    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="positions")
    n = models.PositiveIntegerField(help_text="1, 2, 3 … per bot")
    is_open = models.BooleanField(default=True)
    quantity = MoneyField(help_text="base held now")
    average_entry_price = MoneyField()
    entry_time = models.BigIntegerField(help_text="ms UTC")
    exit_time = models.BigIntegerField(null=True)
    realised_pnl = MoneyField(default=0, help_text="quote, net of fees")
    fees = MoneyField(default=0, help_text="quote, entry and exit")
    entry_cost = MoneyField(default=0, help_text="quote, of what is held, without fees")
    entry_fees = MoneyField(default=0, help_text="quote, not yet charged to an exit")
    slippage = MoneyField(default=0, help_text="quote, already in the prices")
    gross_pnl = MoneyField(default=0, help_text="quote, of what was sold, before fees")
    bought_quantity = MoneyField(default=0, help_text="base, all entries")
    bought_notional = MoneyField(default=0, help_text="quote")
    sold_notional = MoneyField(default=0, help_text="quote")
    updated_seq = models.BigIntegerField()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("bot", "n"), name="position_one_per_n"),
            models.UniqueConstraint(
                fields=("bot",), condition=Q(is_open=True), name="position_one_open_per_bot"
            ),
        )

    def __str__(self) -> str:
        return f"{self.bot} #{self.n}"


class StopState(models.Model):
    """Protection of one position, complete enough to go on exactly after a restart."""

    position = models.OneToOneField(Position, on_delete=models.CASCADE, related_name="stop")
    schema_version = models.PositiveSmallIntegerField(default=1)
    initial_stop = MoneyField()
    current_stop = MoneyField()
    target = MoneyField(null=True)
    high_water = MoneyField()
    water_mark_time = models.BigIntegerField()
    is_breakeven_armed = models.BooleanField(default=False)
    is_trailing_armed = models.BooleanField(default=False)
    trail_distance = MoneyField(help_text="quote per base, fixed when the position opened")
    breakeven_price = MoneyField(null=True)
    trail_activation_price = MoneyField()
    hold_deadline = models.BigIntegerField(null=True, help_text="ms UTC")
    revision = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return f"stop {self.current_stop}"


class Fill(models.Model):
    """One execution, keyed by the venue's trade id so that a duplicate message changes nothing."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="fills")
    position = models.ForeignKey(Position, on_delete=models.CASCADE, related_name="fills")
    trade_id = models.CharField(max_length=64)
    side = models.CharField(max_length=4)
    quantity = MoneyField(help_text="base")
    price = MoneyField(help_text="quote per base, slippage included")
    notional = MoneyField(help_text="quote")
    fee = MoneyField(help_text="quote")
    slippage = MoneyField(help_text="quote, already in the price")
    gas_cost = MoneyField(default=0, help_text="quote")
    is_maker = models.BooleanField(default=False)
    event_time = models.BigIntegerField(help_text="ms UTC")

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("order", "trade_id"), name="fill_one_per_trade_id"),
        )

    def __str__(self) -> str:
        return self.trade_id


class RoundTrip(models.Model):
    """One closed position as a result: entry, exit, why, and what it earned."""

    position = models.OneToOneField(Position, on_delete=models.CASCADE, related_name="round_trip")
    session = models.ForeignKey(DeskSession, on_delete=models.CASCADE, related_name="round_trips")
    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="round_trips")
    quantity = MoneyField()
    entry_price = MoneyField()
    exit_price = MoneyField()
    entry_time = models.BigIntegerField()
    exit_time = models.BigIntegerField()
    gross_pnl = MoneyField(help_text="quote, before fees")
    fees = MoneyField(help_text="quote")
    realised_pnl = MoneyField(help_text="quote, net of fees")
    exit_reason = models.PositiveSmallIntegerField()
    exit_seq = models.BigIntegerField()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.bot} {self.realised_pnl}"


class SavingsCheckpoint(models.Model):
    """The evaluation of one profit: accepted with its amount, or skipped with the reason."""

    round_trip = models.OneToOneField(
        RoundTrip, on_delete=models.CASCADE, related_name="checkpoint"
    )
    session = models.ForeignKey(DeskSession, on_delete=models.CASCADE, related_name="checkpoints")
    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="checkpoints")
    is_accepted = models.BooleanField()
    skip_reason = models.CharField(max_length=40, blank=True)
    token = models.CharField(max_length=20, help_text="stablecoin the slice goes to")
    quote = models.CharField(max_length=20, help_text="what the amounts are counted and kept in")
    profit = MoneyField(help_text="quote, net")
    candidate = MoneyField(help_text="ratio × profit, rounded down")
    reserved = MoneyField(default=0, help_text="what was really set aside")
    estimated_fees = MoneyField()
    required_min = MoneyField(help_text="fee guard: the least slice that passes")
    ratio = MoneyField()
    fee_guard = MoneyField(help_text="multiple of the fees")
    fee_policy = models.CharField(max_length=24)
    equilibrium_score = models.FloatField()
    is_healthy = models.BooleanField()
    break_even_pct = models.FloatField(
        null=True, help_text="net profit in % of notional that would pass"
    )
    event_time = models.BigIntegerField(help_text="ms UTC")

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{'reserved' if self.is_accepted else self.skip_reason} {self.candidate}"
