"""Open a session from its rows: books as they stand, memory from its bars, rules from its facts.

Nothing is decided again, so it does not matter which code wrote the rows. That another code goes on
is a fact, which holds the books it began with: from there on everything can be recomputed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from trading.base.domain.events import SESSION_DEPLOYED, SESSION_POLICY_UNUSED
from trading.base.services.event_log import EventLog
from trading.desk.domain.decision.books import books_dump, books_load
from trading.desk.domain.decision.facts import FactKind
from trading.desk.domain.decision.state import DeskState
from trading.desk.models import DeskSession, SessionFact
from trading.desk.services.config.policies import policy_dump, policy_recall
from trading.desk.services.sessions.blueprint import InForce, state_build
from trading.desk.services.sessions.books import books_from_rows
from trading.desk.services.sessions.instruments import (
    instruments_dump,
    instruments_load,
    instruments_of,
)
from trading.desk.services.sessions.memory import memory_recall
from trading.desk.services.sessions.rows.counts import events_count, rows_count
from trading.desk.services.sessions.snapshots import Learnt
from trading.learning.services.forecasting.recording import run_recorded

_log = EventLog(__name__)
_WITH_POLICY: Final = (FactKind.START, FactKind.CODE, FactKind.POLICY)
_WITH_INSTRUMENTS: Final = (FactKind.START, FactKind.CODE, FactKind.INSTRUMENTS)
FORECASTS_RECALLED: Final = 64  # facts
_WITH_VERSION: Final = (FactKind.START, FactKind.CODE)


@dataclass(frozen=True, slots=True)
class Recovered:
    """A session as its rows say it stands.

    Attributes:
        start: the plan.
        state: books and memory, and the forecasts that may still be used.
        n_bars: run through the memory again.
        foreseen: number of the last bar a forecaster was asked about.
        learnt: what it remembered when the snapshot was taken.
        deploy: payload of the CODE fact to record, None where the code is the one that wrote last.
        instruments: payload of the INSTRUMENTS fact to record, None where they are in force.
    """

    start: dict[str, Any]
    state: DeskState
    n_bars: int
    foreseen: int
    learnt: Learnt | None
    deploy: dict[str, Any] | None
    instruments: dict[str, Any] | None


def session_key(session_id: int) -> str:
    """Return what makes this session's client order ids its own."""
    return f"s{session_id}"


def session_recover(session: DeskSession, *, version: str, on_bar: Callable[[], None]) -> Recovered:
    """Return where the session stands, to go on under the code ``version``."""
    session.refresh_from_db()
    start = SessionFact.objects.get(session=session, n=0)
    rules = rules_in_force(session.pk)

    def build() -> DeskState:
        return state_build(start.payload, session_key=session_key(session.pk), in_force=rules)

    recalled = memory_recall(session, build, on_bar=on_bar)
    state = recalled.state
    books_load(state, books_from_rows(session))
    for sentence in rules.unused:
        _log.say(SESSION_POLICY_UNUSED, session=session.pk, why=sentence)
    deploy = instruments = None
    if not state.is_over:
        was = version_written(_newest(session.pk, _WITH_VERSION))
        if was != version or rules.unused:
            _log.say(SESSION_DEPLOYED, session=session.pk, version=version, before=was)
            deploy = deploy_payload(session.pk, state, version)
        today = instruments_of(str(start.payload["venue"]), start.payload["bots"])
        if today != rules.instruments:
            instruments = {"instruments": instruments_dump(today)}
    foreseen = max(state.seq, forecasts_recall(session.pk, state))
    learnt, n_bars = recalled.learnt, recalled.n_bars
    return Recovered(start.payload, state, n_bars, foreseen, learnt, deploy, instruments)


def forecasts_recall(session_id: int, state: DeskState) -> int:
    """Lay the forecasts told so far on the shelf; return the last bar they were asked about.

    What has expired is not looked for: runs come in the order of time, but for late pairs.
    """
    told = SessionFact.objects.filter(session_id=session_id, kind=FactKind.FORECASTS)
    newest = list(told.filter(n__lte=state.facts_n).order_by("-n")[:FORECASTS_RECALLED])
    for fact in reversed(newest):
        run = run_recorded(bytes(fact.data))
        if run.expiry >= state.time:
            state.shelf.put(run, state.time)
    return max((int(fact.payload["through_seq"]) for fact in newest), default=0)


def rules_in_force(session_id: int) -> InForce:
    """Return the newest policy and instruments the session was told of."""
    policy, unused = policy_recall(_newest(session_id, _WITH_POLICY).payload["policy"])
    told = _newest(session_id, _WITH_INSTRUMENTS).payload
    if "instruments" in told:
        instruments = instruments_load(told["instruments"])
    else:  # a start of before they were recorded
        instruments = instruments_of(str(told["venue"]), told["bots"])
    return InForce(policy, instruments, tuple(unused))


def deploy_payload(session_id: int, state: DeskState, version: str) -> dict[str, Any]:
    """Return what a CODE fact records: which code goes on, with what books, after which rows."""
    known = [key for bot in state.bots for key in (*bot.orders, *bot.recent)]
    rules = {name: pair.instrument for name, pair in state.pairs.items()}
    return {
        "version": version,
        "policy": policy_dump(state.policy),
        "instruments": instruments_dump(rules),
        "books": books_dump(state),
        "rows": rows_count(session_id),
        "events": events_count(known),
    }


def version_written(fact: SessionFact) -> str:
    """Return which code a START or CODE fact says runs from there on."""
    return str(fact.payload["version" if fact.kind == FactKind.CODE else "code_version"])


def _newest(session_id: int, kinds: tuple[FactKind, ...]) -> SessionFact:
    # one look a kind: asked for all at once, a database reads back through a million reports
    rows = SessionFact.objects.filter(session_id=session_id).order_by("-n")
    found = [fact for kind in kinds if (fact := rows.filter(kind=kind).first()) is not None]
    return max(found, key=lambda fact: fact.n)
