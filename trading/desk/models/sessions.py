"""Sessions, their bots, the lease that says who may write, and the facts of their lives."""

from __future__ import annotations

from django.db import models

from trading.base.domain.reasons import TradingState
from trading.base.models.fields import MoneyField
from trading.base.models.lease import Lease
from trading.desk.domain.decision.facts import FactKind
from trading.desk.domain.decision.state import LONG_AGO
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
    facts_n = models.BigIntegerField(default=0, help_text="newest fact taken in")
    epoch = models.BigIntegerField(default=0, help_text="newest fact that steers")
    step_time = models.BigIntegerField(default=-1, help_text="open time of the newest step, ms UTC")
    bar_time = models.BigIntegerField(default=0, help_text="close of the newest bar, ms UTC")
    is_over = models.BooleanField(default=False, help_text="what was open is booked; no more bars")
    seats = models.JSONField(default=list, help_text="entries ordered, by bar time")
    absent = models.JSONField(default=list, help_text="pairs without a bar after their grace")
    equilibrium = models.JSONField(
        default=list, help_text="newest round trips: predicted, realised, confidence"
    )
    stale_through_seq = models.BigIntegerField(default=0, help_text="last bar that was read late")
    stale_now_ms = models.BigIntegerField(default=0, help_text="the venue's clock then")
    clock_skew_s = models.FloatField(default=0.0, help_text="the host's, while it is not trusted")
    clock_limit_s = models.FloatField(default=0.0)
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


class SessionFact(models.Model):
    """Something from outside, other than a bar, that the core was told, and from when on."""

    session = models.ForeignKey(DeskSession, on_delete=models.CASCADE, related_name="facts")
    after_seq = models.BigIntegerField(help_text="in force for stream bars after this one")
    n = models.BigIntegerField(help_text="0, 1, 2 … per session")
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in FactKind])
    payload = models.JSONField(default=dict)
    data = models.BinaryField(default=bytes, help_text="instead, packed, of frequent kinds")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("session", "n")
        constraints = (
            models.UniqueConstraint(fields=("session", "n"), name="sessionfact_one_per_n"),
        )
        # which policy, which code is in force: the newest of its kind
        indexes = (models.Index(fields=("session", "kind", "n"), name="sessionfact_newest"),)

    def __str__(self) -> str:
        return f"{self.kind} after {self.after_seq}"


class SessionSnapshot(models.Model):
    """The memory of a session at one cursor: a cache, so that only the bars after it are run again.

    It may be deleted at any time, and one of another layout is as good as none.
    """

    session = models.ForeignKey(DeskSession, on_delete=models.CASCADE, related_name="snapshots")
    cursor_seq = models.BigIntegerField()
    layout = models.CharField(max_length=32, default="", help_text="of the code that can read it")
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
    native_balance = MoneyField(default=0, help_text="the chain's own coin, for gas")
    equity = MoneyField(help_text="cash + position at the last close + reserved")
    peak_equity = MoneyField(
        null=True, help_text="what the drawdown counts from: the highest equity, or since a re-arm"
    )
    n_round_trips = models.PositiveIntegerField(default=0)
    n_wins = models.PositiveIntegerField(default=0)
    # the rest of its books, exact to the bit; equity and peak above are for people
    equity_mark = models.FloatField(default=0.0)
    peak_mark = models.FloatField(default=0.0)
    day_mark = models.FloatField(default=0.0, help_text="equity when the day began")
    n_positions = models.PositiveIntegerField(default=0)
    loss_streak = models.PositiveIntegerField(default=0)
    exit_bar = models.BigIntegerField(default=-LONG_AGO, help_text="bar of the pair it left on")
    streak_bar = models.BigIntegerField(default=-LONG_AGO, help_text="bar its last streak ended on")
    entry_atr = models.FloatField(null=True, default=0.0, help_text="null: not a number")
    entry_conviction = models.FloatField(null=True, default=0.0)
    entry_forecast = models.FloatField(null=True, default=0.0)
    ratchet_epoch = models.BigIntegerField(default=-1, help_text="epoch the stop was judged under")
    exit_reason = models.PositiveSmallIntegerField(default=0, help_text="of the exit now working")
    trading_state = models.PositiveSmallIntegerField(default=TradingState.ACTIVE.value)
    is_flatten_ordered = models.BooleanField(default=False)
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
