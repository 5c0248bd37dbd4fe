"""How often each data set was searched, by anyone, ever."""

from __future__ import annotations

from django.db import models


class SearchLedger(models.Model):
    """Every trial ever made on one data set; no study owns it, so deleting one changes nothing."""

    data_digest = models.CharField(max_length=64, unique=True)
    path = models.JSONField(
        default=dict, help_text="closes by which its market is recognised in other data"
    )
    n_trials = models.PositiveBigIntegerField(default=0)
    n_studies = models.PositiveIntegerField(default=0)
    n_holdout_looks = models.PositiveIntegerField(
        default=0, help_text="searches whose best trials were tried on the holdout"
    )
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "search ledger"
        ordering = ("-last_at",)

    def __str__(self) -> str:
        return f"{self.n_trials} trials on {self.data_digest[:12]}"
