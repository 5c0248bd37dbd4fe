"""Market data as it was published: feeds and the durable log of closed bars sessions read."""

from __future__ import annotations

from django.db import models


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
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class StreamBar(models.Model):
    """One closed bar in publication order; never changed once written."""

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
