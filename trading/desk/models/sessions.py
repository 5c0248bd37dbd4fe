"""Sessions and the bots in them, the lease that says who may write, and inputs that steer them."""

from __future__ import annotations

from django.db import models

from trading.base.domain.reasons import TradingState
from trading.base.models.fields import MoneyField
from trading.base.models.lease import Lease
from trading.market.models.feeds import Feed


class Mode(models.TextChoices):
    """Whose money: GHOST is paper on real or simulated data, LIVE is real, BACKTEST is history."""

    BACKTEST = "backtest"
    GHOST = "ghost"
    LIVE = "live"


class DeskSession(models.Model):
    """One shard of the desk: a group of pairs on one feed, run by one worker at a time."""

    class Status(models.TextChoices):
        PENDING = "pending"
        RECOVERING = "recovering"
        RUNNING = "running"
        WAITING = "waiting"  # handed over, no worker holds it right now
        FINISHED = "finished"
        FAILED = "failed"
        STOPPED = "stopped"

    mode = models.CharField(max_length=10, choices=Mode)
    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="sessions")
    shard = models.PositiveSmallIntegerField(default=0)
    pairs = models.JSONField(help_text="BASE/QUOTE, sorted")
    is_wanted = models.BooleanField(default=True, help_text="False asks the worker to stop")
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    status_reason = models.TextField(blank=True)
    n_failures = models.PositiveSmallIntegerField(
        default=0, help_text="runs in a row that an unexpected error broke off"
    )
    cursor_seq = models.BigIntegerField(default=0, help_text="last stream bar applied")
    output_n = models.PositiveIntegerField(
        default=0, help_text="transactions after that bar's own: confirmations and inputs"
    )
    digest = models.CharField(max_length=64, help_text="chain over all decision records")
    n_decisions = models.BigIntegerField(default=0)
    code_version = models.CharField(max_length=64, help_text="digest of the decision code")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"session {self.pk} ({self.mode})"


class SessionLease(Lease):
    """Who runs a session; a row of its own, because every step writes it."""

    session = models.OneToOneField(DeskSession, on_delete=models.CASCADE, related_name="lease")
    heartbeat_at = models.DateTimeField(null=True, help_text="null: nobody ever held it")

    def __str__(self) -> str:
        return f"lease of {self.session_id} held by {self.owner or 'nobody'}"


class SessionInput(models.Model):
    """Something other than a bar that changed decisions: policy or trading state, and from when."""

    class Kind(models.TextChoices):
        START = "start"  # the first policy and the code version
        POLICY = "policy"
        TRADING_STATE = "trading_state"
        CATCH_UP = "catch_up"  # bars seen too late to enter on
        CLOCK = "clock"  # the host's clock left the venue's, or came back to it
        REARM = "rearm"  # the drawdown of bots counts from here, as a person decided
        END = "end"  # stopped, or no more bars: what was open is booked at its last price

    session = models.ForeignKey(DeskSession, on_delete=models.CASCADE, related_name="inputs")
    after_seq = models.BigIntegerField(help_text="in force for stream bars after this one")
    n = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=Kind)
    payload = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("session", "n")
        constraints = (
            models.UniqueConstraint(fields=("session", "n"), name="sessioninput_one_per_n"),
        )

    def __str__(self) -> str:
        return f"{self.kind} after {self.after_seq}"


class SessionSnapshot(models.Model):
    """The whole core state at one cursor, so that recovery replays only the tail."""

    session = models.ForeignKey(DeskSession, on_delete=models.CASCADE, related_name="snapshots")
    cursor_seq = models.BigIntegerField()
    output_n = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64)
    checksum = models.CharField(max_length=64)
    state = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("session", "-cursor_seq")
        constraints = (
            models.UniqueConstraint(
                fields=("session", "cursor_seq"), name="snapshot_one_per_cursor"
            ),
        )

    def __str__(self) -> str:
        return f"snapshot at {self.cursor_seq}"


class Bot(models.Model):
    """One strategy on one pair with its own bankroll."""

    session = models.ForeignKey(DeskSession, on_delete=models.CASCADE, related_name="bots")
    index = models.PositiveSmallIntegerField(help_text="place in the session's fixed order")
    name = models.CharField(max_length=60, blank=True, help_text="of an installed bot")
    pair = models.CharField(max_length=41)
    strategy = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    quote = models.CharField(max_length=20)
    bankroll = MoneyField(help_text="quote currency at the start")
    cash = MoneyField()
    reserved = MoneyField(default=0, help_text="set aside by savings checkpoints")
    realised_pnl = MoneyField(default=0)
    equity = MoneyField(help_text="cash + position at the last close + reserved")
    peak_equity = MoneyField(
        null=True, help_text="what the drawdown counts from: the highest equity, or since a re-arm"
    )
    n_round_trips = models.PositiveIntegerField(default=0)
    n_wins = models.PositiveIntegerField(default=0)
    last_outcome = models.PositiveSmallIntegerField(null=True)
    last_bar_time = models.BigIntegerField(null=True, help_text="open time, ms UTC")

    class Meta:
        ordering = ("session", "index")
        constraints = (
            models.UniqueConstraint(fields=("session", "index"), name="bot_one_per_index"),
            models.UniqueConstraint(
                fields=("session", "pair", "strategy"), name="bot_one_per_pair_strategy"
            ),
        )

    def __str__(self) -> str:
        return self.name or f"{self.pair} {self.strategy}"


class BotRearm(models.Model):
    """What an operator decided: the drawdown of this bot counts from its equity now; append-only.

    Its session takes it in once, as an input.
    """

    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="rearms")
    drawdown_pct = models.FloatField(help_text="% of the peak when it was ordered")
    reason = models.CharField(max_length=300)
    actor = models.CharField(max_length=150)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.bot} re-armed at {self.drawdown_pct:.2f} %"


class EquityPoint(models.Model):
    """Equity of a session's bots of one quote currency at some bar times, savings apart."""

    session = models.ForeignKey(DeskSession, on_delete=models.CASCADE, related_name="equity_points")
    quote = models.CharField(max_length=20)
    bar_time = models.BigIntegerField(help_text="close time, ms UTC")
    equity = models.FloatField(help_text="quote, savings included")
    reserved = models.FloatField(help_text="quote")

    class Meta:
        ordering = ("session", "bar_time", "quote")
        constraints = (
            models.UniqueConstraint(
                fields=("session", "quote", "bar_time"), name="equity_one_per_bar_time"
            ),
        )

    def __str__(self) -> str:
        return f"{self.bar_time}: {self.equity} {self.quote}"


class TradingControl(models.Model):
    """What the operator ordered: append-only, the newest row of each scope and name is in force."""

    class Scope(models.TextChoices):
        DESK = "desk"
        VENUE = "venue"
        CHAIN = "chain"
        STRATEGY = "strategy"
        BOT = "bot"

    scope = models.CharField(max_length=10, choices=Scope)
    name = models.CharField(max_length=120, blank=True)
    state = models.PositiveSmallIntegerField(
        choices=[(s.value, s.name.lower()) for s in TradingState]
    )
    flatten = models.BooleanField(default=False)
    reason = models.CharField(max_length=300)
    actor = models.CharField(max_length=150)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        permissions = (("operate_desk", "Can pause, resume and kill the desk"),)

    def __str__(self) -> str:
        return f"{self.scope} {self.name}: {TradingState(self.state).name}"
