"""One look at the desk for one request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from dashboard.shell.desk import Desk


class Look:
    """One consistent look; every part is read at most once.

    A page with more to read than the desk derives its own, made with the values of the address.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.desk = Desk(request)

    def base(self) -> Mapping[str, Any]:
        """Return what every panel of the page needs."""
        return {"now": self.desk.now, "market_ms": self.desk.market_ms}
