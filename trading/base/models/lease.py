"""Who may write something: the columns of a lease, to be inherited by whatever is leased."""

from __future__ import annotations

from django.db import models


class Lease(models.Model):
    """A lease with a fence; ``trading.base.services.lease`` alone writes these columns.

    The token grows with every holder, so that what a late one writes finds no row.
    """

    owner = models.CharField(
        max_length=160, blank=True, help_text="the process that holds it; empty when none does"
    )
    token = models.BigIntegerField(default=0, help_text="grows with every holder")
    expires_at = models.DateTimeField(null=True, help_text="null: free at once")

    class Meta:
        abstract = True
