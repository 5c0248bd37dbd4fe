"""Trials and their figures, written once, a batch at a time, and never changed.

Keys are computed before rows are written, so that a batch is one bulk insert and a row that exists
already is refused by its key: ``trial = study * TRIAL_SPACE + number`` and, for its windows,
``row = trial * ROW_SPACE + place``. Ranges of keys are therefore ranges of trials.
"""

from __future__ import annotations

from typing import Any, Final

import orjson
from django.db import models

from optimizer.domain.luck.verdict import LuckVerdict
from optimizer.domain.study.records import TrialStatus
from optimizer.models.fields import FigureDecoder, KeyField
from optimizer.models.studies import Study

TRIAL_SPACE: Final = 10**8
ROW_SPACE: Final = 100


class Trial(models.Model):
    """One parameter set of one strategy, evaluated over the windows of its study."""

    id = KeyField(primary_key=True, help_text="study × 10⁸ + number")
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="trials")
    number = models.PositiveIntegerField(help_text="0, 1, 2 … without holes")
    batch = models.PositiveIntegerField()
    strategy = models.CharField(max_length=60)
    params_json = models.TextField(help_text="all parameters, JSON")
    status = models.CharField(max_length=8, choices=[(s.value, s.value) for s in TrialStatus])
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=1)
    elapsed_us = models.PositiveIntegerField(help_text="evaluation only, µs")

    class Meta:
        ordering = ("id",)
        # With this rule the key alone says that a study has a number once: another unique index
        # would be one more write a trial. Those on foreign keys stay: without them, deleting a
        # study would search whole tables for every trial.
        constraints = (
            models.CheckConstraint(
                condition=models.Q(id=models.F("study") * TRIAL_SPACE + models.F("number")),
                name="trial_key_of_number",
            ),
        )

    def __str__(self) -> str:
        return f"trial {self.number} ({self.strategy})"

    @property
    def params(self) -> dict[str, Any]:
        """Return the parameters."""
        values: dict[str, Any] = orjson.loads(self.params_json)
        return values


class WindowMetrics(models.Model):
    """The metrics of one trial over one window; a pruned trial has none for its later windows."""

    id = KeyField(primary_key=True, help_text="trial × 100 + place of the window")
    trial = models.ForeignKey(Trial, on_delete=models.CASCADE, related_name="window_metrics")
    window = models.CharField(max_length=12)
    total_return_pct = models.FloatField(help_text="copied out of ``packed`` for sorting")
    packed = models.BinaryField(help_text="float64, the fields of Metrics in their order")

    class Meta:
        verbose_name_plural = "window metrics"
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.window} of trial {self.trial_id}"


class TrialScores(models.Model):
    """The scores of one complete trial on its study's last window; higher is better."""

    trial = models.OneToOneField(
        Trial, on_delete=models.CASCADE, primary_key=True, related_name="scores"
    )
    steering = models.FloatField(
        null=True, help_text="the first of ``packed``, for sorting; null where it is not finite"
    )
    packed = models.BinaryField(help_text="float64, in the order of the study's objectives")

    class Meta:
        verbose_name_plural = "trial scores"
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"scores of trial {self.trial_id}"


class TrialLuck(models.Model):
    """What scrutiny made of a ranked trial."""

    trial = models.OneToOneField(
        Trial, on_delete=models.CASCADE, primary_key=True, related_name="luck"
    )
    verdict = models.CharField(max_length=10, choices=[(v.value, v.words) for v in LuckVerdict])
    reasons = models.JSONField(help_text="why, in sentences; empty for what survives")
    codes = models.JSONField(default=list, help_text="the same reasons from their closed set")
    figures = models.JSONField(
        decoder=FigureDecoder,
        help_text="deflated Sharpe ratio, overfitting probability, holdout, plateau, baselines",
    )
    ledger_trials = models.PositiveBigIntegerField(help_text="searches charged for, same data")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "trial luck"

    def __str__(self) -> str:
        return f"luck of trial {self.trial_id}"
