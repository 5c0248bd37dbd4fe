"""Let what people order count from the next bar: one cheap look before every one of them.

Orders, revisions and the wish to stop are rows; the look is one statement, compiled once, of a few
index reads. What is new becomes a numbered fact of the session, in force after the bar at hand.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet, Subquery
from django.db.models.functions import Coalesce

from trading.base.domain.errors import ConfigError
from trading.base.ports.clock import Clock
from trading.desk.domain.decision.facts import FactKind
from trading.desk.models import BotRearm, ConfigRevision, DeskSession, TradingControl
from trading.desk.services.config.watching import ConfigWatch
from trading.desk.services.sessions.engine import SessionEngine
from trading.desk.services.sessions.facts import (
    policy_payload,
    rearm_payload,
    trading_states_payload,
)


class Look(NamedTuple):
    """The newest of everything a session obeys."""

    is_wanted: bool
    control: int
    rearm: int
    revision: int


class Steering:
    """What one session is told, and how far it has listened.

    Args:
        session_id: whose bots obey.
        clock: says how long a file has rested.
        report: told why the configuration cannot be read, and an empty text once it can.
    """

    def __init__(self, session_id: int, *, clock: Clock, report: Callable[[str], None]) -> None:
        self._session_id = session_id
        self._report = report
        self._config = ConfigWatch(settings.CONFIG_PATH, clock)
        self._is_config_broken = False
        self._statement = _statement(session_id)
        self._seen = Look(True, -1, -1, -1)

    def obey(self, engine: SessionEngine) -> bool:
        """Let everything ordered so far count from here on; False when the session is to stop."""
        look = self._look()
        self._take_policy(engine, look.revision)
        if look.control != self._seen.control:
            kind = FactKind.TRADING_STATE
            _take(engine, kind, trading_states_payload(engine.state, self._session_id))
        if look.rearm != self._seen.rearm:
            _take(engine, FactKind.REARM, rearm_payload(self._session_id))
        self._seen = look
        return look.is_wanted

    def _look(self) -> Look:
        # the driver's own cursor: Django's takes six times as long, and this runs before every bar
        connected = connections[DEFAULT_DB_ALIAS]
        connected.ensure_connection()
        with connected.wrap_database_errors, closing(connected.connection.cursor()) as cursor:
            row = cursor.execute(self._statement).fetchone()
        return Look(bool(row[0]), *row[1:])

    def _take_policy(self, engine: SessionEngine, revision: int) -> None:
        try:
            resolved = self._config.news(revision)
        except ConfigError as error:
            # a file broken meanwhile must not stop positions from being managed
            self._is_config_broken = True
            self._report(f"keeps its policy because the configuration cannot be read: {error}")
            return
        if resolved is None:
            return
        if self._is_config_broken:
            self._is_config_broken = False
            self._report("")
        _take(engine, FactKind.POLICY, policy_payload(engine.state, resolved.policy))


def _take(engine: SessionEngine, kind: FactKind, payload: dict[str, Any] | None) -> None:
    if payload is not None:
        engine.apply_facts([engine.fact_row(kind, payload)])


_NONE_YET: Final = 0


def _statement(session_id: int) -> str:
    """Return the look as SQL; its parameters are whole numbers and stand in it."""
    rows: QuerySet[Any, Any] = DeskSession.objects.filter(pk=session_id).values_list(
        "is_wanted",
        _newest(TradingControl, "id"),
        _newest(BotRearm, "id"),
        _newest(ConfigRevision, "number"),
    )
    sql, parameters = rows.order_by().query.sql_with_params()
    return str(sql) % tuple(map(int, parameters))


def _newest(model: type[Model], column: str) -> Coalesce:
    rows = model._default_manager.order_by(f"-{column}").values(column)
    return Coalesce(Subquery(rows[:1]), _NONE_YET)
