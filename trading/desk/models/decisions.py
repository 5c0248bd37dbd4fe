"""The decision journal: exactly one compact row per bot and closed bar."""

from __future__ import annotations

from django.db import models

from trading.desk.models.sessions import Bot


class Decision(models.Model):
    """One packed journal record; ``trading.desk.domain.decision.journal`` reads ``record``."""

    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="decisions")
    open_time = models.BigIntegerField(help_text="of the bar decided on, ms UTC")
    seq = models.BigIntegerField(help_text="stream bar")
    outcome = models.PositiveSmallIntegerField()
    record = models.BinaryField()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("bot", "open_time"), name="decision_one_per_bot_and_bar"
            ),
        )

    def __str__(self) -> str:
        return f"{self.bot_id} {self.open_time}"
