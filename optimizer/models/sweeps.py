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
    used_at = models.DateTimeField(help_text="a study needed it; unused for long, it is deleted")

    def __str__(self) -> str:
        return self.digest[:12]


class SweepChunk(models.Model):
    """A few trials of one batch, asked for by the orchestrator, answered by one worker.

    Open is a chunk with neither answer nor refusal; both are written to open chunks only, so the
    first one counts. The orchestrator deletes the row when it has read the answer.
    """

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="chunks")
    key = models.CharField(max_length=60, help_text="batch, place, and who asked")
    request = models.BinaryField()
    answer = models.BinaryField(null=True)
    refusal = models.TextField(blank=True, help_text="why the worker will not evaluate it")
    worker = models.CharField(max_length=120, blank=True)
    sent_at = models.DateTimeField()
    deliveries = models.PositiveSmallIntegerField(default=0, help_text="times a worker began it")

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("study", "key"), name="sweepchunk_one_per_key"),
        )

    def __str__(self) -> str:
        return f"{self.key} of study {self.study_id}"
