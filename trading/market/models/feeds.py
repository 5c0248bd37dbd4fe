"""Market data as it was published: feeds and the durable log of closed bars sessions read."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import models

from trading.market.domain.series.door import REFUSAL_TEXT, Refusal
from trading.market.ports.feeds import PairState


class Feed(models.Model):
    """One running source of bars; the stream process is its only writer."""

    class Status(models.TextChoices):
        RUNNING = "running"
        FINISHED = "finished"
        FAILED = "failed"
        STOPPED = "stopped"

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=16)  # FeedKind, never "auto"
    venue = models.CharField(max_length=40)
    timeframe = models.CharField(max_length=8)
    pairs = models.JSONField(help_text="BASE/QUOTE, sorted")
    params = models.JSONField(default=dict, help_text="seed, speed, range, endpoint")
    is_simulated = models.BooleanField(default=False)
    status = models.CharField(max_length=16, choices=Status, default=Status.RUNNING)
    status_reason = models.TextField(blank=True)
    position = models.JSONField(default=dict, help_text="where the source goes on")
    last_seq = models.BigIntegerField(default=0)
    last_bar_at = models.DateTimeField(null=True, help_text="wall time of the last published bar")
    heartbeat_at = models.DateTimeField(null=True)
    clock_skew_ms = models.FloatField(null=True, help_text="host minus venue; null: never told")
    clock_error_ms = models.FloatField(default=0, help_text="how wide the venue's time is known")
    clock_source = models.CharField(max_length=8, blank=True, help_text="TimeSource")
    clock_at = models.DateTimeField(null=True, help_text="when the venue last told its time")
    n_requests = models.BigIntegerField(default=0)
    n_refusals = models.BigIntegerField(default=0)
    paused_until = models.DateTimeField(null=True, help_text="the venue wants silence till then")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class StreamBar(models.Model):
    """One closed bar in publication order, with the venue's newest word on it.

    A bar the venue changed later is flagged REVISED; what sessions saw stands in its first
    ``BarRevision``. A bar that came when its time had passed is flagged LATE: no session sees it.
    """

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="bars")
    seq = models.BigIntegerField(help_text="1, 2, 3 … per feed, without holes")
    pair = models.CharField(max_length=41)
    n = models.BigIntegerField(help_text="1, 2, 3 … per feed and pair: the chart's sequence number")
    open_time = models.BigIntegerField(help_text="ms UTC")
    open = models.FloatField()
    high = models.FloatField()
    low = models.FloatField()
    close = models.FloatField()
    volume = models.FloatField()
    flags = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("feed", "seq")
        constraints = (
            models.UniqueConstraint(fields=("feed", "seq"), name="streambar_one_per_seq"),
            # also serves the chart: last bars of one pair
            models.UniqueConstraint(
                fields=("feed", "pair", "open_time"), name="streambar_one_per_open_time"
            ),
        )

    def __str__(self) -> str:
        return f"{self.pair} {self.open_time}"


class FeedPair(models.Model):
    """How one pair of a feed is followed, and what its bars were like so far."""

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="pair_rows")
    pair = models.CharField(max_length=26)
    state = models.CharField(max_length=16, default=PairState.WAITING.value)
    reason = models.TextField(blank=True, help_text="why it is in that state")
    state_at = models.DateTimeField(help_text="since when")
    retry_at = models.DateTimeField(null=True, help_text="when a pair set aside is asked for again")
    answered_ms = models.BigIntegerField(null=True, help_text="venue's time of its last answer")
    last_open_time = models.BigIntegerField(null=True, help_text="of its last bar in order, ms UTC")
    stored_at = models.DateTimeField(null=True, help_text="when that bar was stored")
    delay_ms = models.BigIntegerField(null=True, help_text="from its close to its storing")
    n_bars = models.BigIntegerField(default=0)
    n_gaps = models.BigIntegerField(default=0)
    n_missing = models.BigIntegerField(default=0, help_text="bars the gaps are made of")
    n_late = models.BigIntegerField(default=0)
    n_revised = models.BigIntegerField(default=0)
    n_refused = models.BigIntegerField(default=0)
    n_quarantined = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("feed", "pair")
        constraints = (
            models.UniqueConstraint(fields=("feed", "pair"), name="feedpair_one_per_pair"),
        )

    def __str__(self) -> str:
        return f"{self.pair} {self.state}"


class RefusedBar(models.Model):
    """One bar the door set aside: it cannot have happened, and nothing decided on it."""

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="refused_bars")
    pair = models.CharField(max_length=26)
    open_time = models.BigIntegerField(help_text="ms UTC, -1 where the row had none")
    reason = models.CharField(max_length=20, help_text="Refusal")
    shown = models.TextField(help_text="its values as they came")
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("feed", "pair", "open_time", "reason"), name="refusedbar_told_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.pair} {self.what}"

    @property
    def what(self) -> str:
        """When it opened and what is wrong with it, for a person."""
        text = REFUSAL_TEXT[Refusal(self.reason)]
        if self.open_time < 0:
            return f"(of an unknown time) {text}"
        opened = datetime.fromtimestamp(self.open_time / 1000, UTC)
        return f"(of {opened:%Y-%m-%d %H:%M:%S} UTC) {text}"


class BarRevision(models.Model):
    """A stored bar that the venue changed; the first of a bar holds what sessions decided on."""

    bar = models.ForeignKey(StreamBar, on_delete=models.CASCADE, related_name="revisions")
    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="revisions")
    old = models.JSONField(help_text="open, high, low, close, volume, flags before")
    new = models.JSONField(help_text="the same afterwards")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.bar}: {self.old} -> {self.new}"
