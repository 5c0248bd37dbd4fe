"""Overrides edited by operators: append-only revisions with who, when, why and what changed."""

from __future__ import annotations

from django.db import models


class ConfigRevision(models.Model):
    """All overrides in force from this revision on; the newest row counts."""

    number = models.PositiveIntegerField(unique=True)
    overrides = models.JSONField(default=dict, help_text="dotted key to value, complete set")
    diff = models.JSONField(default=dict, help_text="dotted key to [before, after]")
    reason = models.CharField(max_length=300)
    author = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    rolled_back_to = models.PositiveIntegerField(null=True, help_text="number restored, if any")

    class Meta:
        ordering = ("-number",)

    def __str__(self) -> str:
        return f"revision {self.number}"
