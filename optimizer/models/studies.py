"""One search: what was asked for, on which data, and how far it is."""

from __future__ import annotations

from django.db import models

from optimizer.models.fields import FigureDecoder
from trading.base.models.fields import MoneyField
from trading.base.models.lease import Lease


class Study(Lease):
    """A resumable search; everything that steers it is fixed when it is created."""

    class Status(models.TextChoices):
        RUNNING = "running"
        FINISHED = "finished"
        CANCELLED = "cancelled"
        FAILED = "failed"

    status = models.CharField(max_length=12, choices=Status, default=Status.RUNNING)
    status_reason = models.TextField(blank=True)
    created_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField(help_text="last batch stored or last sign of life")
    finished_at = models.DateTimeField(null=True)
    is_cancel_wanted = models.BooleanField(default=False)

    strategies = models.JSONField(help_text="names, in the order trials visit them")
    objectives = models.JSONField(help_text="names; the first steers the search")
    windows = models.JSONField(help_text="labels, shortest first; scores come from the last")
    sampler = models.CharField(max_length=12)
    seed = models.BigIntegerField()
    trade_size = MoneyField(help_text="quote")
    fill = models.CharField(max_length=12)
    settings = models.JSONField(
        help_text="batch size, pruned share, holdout share, embargo, warm-up bars, workers"
    )

    source = models.JSONField(help_text="where candles and costs were read from")
    step_ms = models.BigIntegerField(help_text="length of one bar, ms")
    data_digest = models.CharField(max_length=64, help_text="of all candles, holdout included")
    cost_digest = models.CharField(max_length=64)
    evaluation_version = models.CharField(
        max_length=200, blank=True, help_text="of the code that evaluates its trials, all of them"
    )

    n_trials = models.PositiveIntegerField(help_text="wanted")
    n_done = models.PositiveIntegerField(default=0, help_text="stored")
    n_batches = models.PositiveIntegerField(default=0, help_text="stored, one after the other")
    run_dir = models.CharField(max_length=400)
    manifest = models.JSONField(default=dict)
    figures = models.JSONField(default=dict, help_text="speed and memory, of all runs together")
    luck = models.JSONField(
        default=dict, decoder=FigureDecoder, help_text="overfitting probability and walk-forward"
    )

    class Meta:
        verbose_name_plural = "studies"
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(n_done__lte=models.F("n_trials")),
                name="study_done_within_wanted",
            ),
        )

    def __str__(self) -> str:
        return f"study {self.pk}"
