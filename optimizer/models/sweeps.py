"""What travels between machines when a study's trials run on Celery workers.

Tasks carry ids only. Requests, answers and candles go through the database all machines share, so
a lost message or a restarted broker costs time and nothing else.
"""

from __future__ import annotations

from django.db import models

from optimizer.models.studies import Study


class DataBlob(models.Model):
    """Content found by its digest: candles without the holdout, or a cost schedule."""

    digest = models.CharField(max_length=64, primary_key=True, help_text="SHA-256 of content")
    content = models.BinaryField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.digest[:12]


class SweepChunk(models.Model):
    """A few trials of one batch, asked for by the orchestrator, answered by one worker."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="chunks")
    key = models.CharField(max_length=40, help_text="batch and place")
    request = models.BinaryField()
    answer = models.BinaryField(null=True)
    worker = models.CharField(max_length=120, blank=True)
    sent_at = models.DateTimeField()
    deliveries = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("study", "key"), name="sweepchunk_one_per_key"),
        )

    def __str__(self) -> str:
        return f"{self.key} of study {self.study_id}"
