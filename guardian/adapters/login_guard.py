"""Count wrong passwords with django-axes: few for one name and address, more for an address."""

from __future__ import annotations

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest

from trading.base.adapters.prometheus import PrometheusMeter
from trading.base.domain.metrics import LOGIN_FAILURES, LOGINS_REFUSED

_meter = PrometheusMeter()


class LoginGuard(AxesDatabaseHandler):
    """The library's handler with a limit of its own for an address, whatever names it tries."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Return the wrong passwords that count against ``LOGIN_TRIES``.

        Those of the address count from where its own, higher limit leaves as many to go.
        """
        own, of_address = (
            attempts.aggregate(n=Sum("failures_since_start"))["n"] or 0
            for attempts in self.get_user_attempts(request, credentials)
        )
        spare = settings.LOGIN_TRIES_OF_ADDRESS - settings.LOGIN_TRIES
        return int(max(own, of_address - spare))

    def reset_user_attempts(
        self, request: HttpRequest, credentials: dict[str, Any] | None = None
    ) -> int:
        """Forget the wrong passwords of who logged in, and not those of their address.

        Otherwise one account of one's own would buy any number of guesses at the others.
        """
        count, _ = self.filter_user_attempts(request, credentials)[0].delete()
        return int(count)

    def user_login_failed(
        self,
        sender: Any,
        credentials: dict[str, Any],
        request: HttpRequest | None = None,
        **kwargs: Any,
    ) -> None:
        """Count, in rows and in metrics."""
        was_locked = getattr(request, "axes_locked_out", False)
        super().user_login_failed(sender, credentials, request, **kwargs)
        _meter.count(LOGINS_REFUSED if was_locked else LOGIN_FAILURES)
