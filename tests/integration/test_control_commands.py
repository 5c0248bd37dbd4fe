"""``kill``, ``unkill``, ``desk pause|resume|stop`` and ``bots rearm`` as a script sees them."""

from __future__ import annotations

import json
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from tests import factories as make
from trading.desk.models import Bot, BotRearm, DeskSession, SessionFact, TradingControl

pytestmark = pytest.mark.django_db


@pytest.fixture
def session() -> DeskSession:
    """Return a running session of two bots."""
    made = make.session(make.feed())
    make.bot(made, "BTC/USDT", "breakout")
    make.bot(made, "ETH/USDT", "momentum")
    return made


def run(*words: str) -> tuple[int, dict[str, Any], str]:
    """Return exit code, JSON answer (empty without one) and what was said on standard error."""
    out, err = StringIO(), StringIO()
    try:
        call_command(*words, "--json", stdout=out, stderr=err)
        code = 0
    except SystemExit as stop:
        code = int(str(stop.code))
    lines = out.getvalue().splitlines()
    return code, json.loads(lines[-1]) if lines else {}, err.getvalue()


def test_a_kill_says_whom_it_covers_and_what_it_takes_back(session: DeskSession) -> None:
    make.order(session.bots.get(index=0), status="accepted")
    code, answer, _ = run("kill", "--scope", "bot", "BTC/USDT", "breakout")
    assert (code, answer["trading_state"], answer["bots"]) == (0, "halted", 1)
    assert (answer["open_orders_cancelled"], answer["positions_kept"]) == (1, 0)


@pytest.mark.parametrize("command", ["kill", "unkill"])
@pytest.mark.parametrize(
    ("scope", "near"),
    [
        (["strategy", "momentumm"], "did you mean 'momentum'?"),
        (["bot", "ETH/USDT", "momentun"], "did you mean 'ETH/USDT momentum'?"),
        (["venue", "simulatted"], "did you mean 'simulated'?"),
        (["chain", "pulsechains"], "did you mean 'pulsechain'?"),
        (["chainn", "pulsechain"], "did you mean 'chain'?"),
    ],
)
def test_a_name_that_does_not_exist_is_exit_2_and_stops_nothing(
    session: DeskSession, command: str, scope: list[str], near: str
) -> None:
    code, answer, said = run(command, "--scope", *scope)
    assert (code, answer, len(said.splitlines())) == (2, {}, 1)
    assert near in said
    assert not TradingControl.objects.exists()


def test_only_unkill_lifts_a_kill(session: DeskSession) -> None:
    run("desk", "pause", "--reason", "news")
    run("kill")
    for action in ("pause", "resume"):
        code, answer, said = run("desk", action)
        assert (code, answer["error"]) == (1, "killed")
        assert "only unkill lifts a kill: manage.py unkill --scope desk" in said
    assert run("unkill", "--reason", "mended")[1]["trading_state"] == "paused"
    assert run("desk", "resume")[1]["trading_state"] == "active"
    code, answer, _ = run("unkill")
    assert (code, answer["error"]) == (1, "not_killed")


def test_a_session_that_does_not_exist_cannot_be_stopped(session: DeskSession) -> None:
    code, answer, said = run("desk", "stop", "--session", str(session.pk), "--session", "987654")
    assert (code, answer) == (2, {})
    assert "there is no session 987654" in said
    assert DeskSession.objects.get(pk=session.pk).is_wanted
    assert run("desk", "stop", "--session", str(session.pk))[1]["stopped"] == 1


def stopped_by_drawdown(session: DeskSession, **more: Any) -> Bot:
    SessionFact.objects.create(
        session=session, after_seq=0, n=0, kind="start", created_at=make.NOW,
        payload={"policy": {"risk": {"max_drawdown_pct": 25}}, "bots": [{"index": 0, **more}]},
    )  # fmt: skip
    session.bots.filter(index=0).update(equity=Decimal(740), peak_equity=Decimal(1000))
    return session.bots.get(index=0)


def test_a_bot_stopped_by_its_drawdown_is_rearmed_with_a_reason(session: DeskSession) -> None:
    bot = stopped_by_drawdown(session)
    code, answer, _ = run("bots", "rearm", "BTC/USDT", "breakout", "--reason", "mended")
    assert (code, answer["rearmed"], answer["bots"], answer["drawdown_pct"]) == (
        0, "BTC/USDT breakout", 1, 26.0
    )  # fmt: skip
    row = BotRearm.objects.get()
    assert (row.bot, row.reason) == (bot, "mended")
    assert row.actor.startswith("command line (")


def test_a_person_reads_what_was_rearmed(session: DeskSession) -> None:
    stopped_by_drawdown(session)
    out = StringIO()
    call_command("bots", "rearm", "BTC/USDT breakout", "--reason", "mended", stdout=out)
    assert out.getvalue().splitlines() == [
        "rearmed: BTC/USDT breakout", "bots: 1", "drawdown_pct: 26.0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "code", "error", "says"),
    [
        ("ETH/USDT momentum", 1, "not_stopped", "there is nothing to re-arm"),
        ("BTC/USDT breakoutt", 2, None, "did you mean 'BTC/USDT breakout'?"),
    ],
)
def test_what_cannot_be_rearmed_is_refused(
    session: DeskSession, name: str, code: int, error: str | None, says: str
) -> None:
    stopped_by_drawdown(session)
    found, answer, said = run("bots", "rearm", name, "--reason", "x")
    assert (found, answer.get("error")) == (code, error)
    assert says in said
    assert not BotRearm.objects.exists()


def test_a_bot_whose_system_decides_alone_is_not_stopped_by_a_drawdown(
    session: DeskSession,
) -> None:
    stopped_by_drawdown(session, rules={"gates": "system"})
    assert run("bots", "rearm", "BTC/USDT breakout", "--reason", "x")[0] == 1


@pytest.mark.parametrize(
    ("option", "value"),
    [("--pairs", "XXX/YYY"), ("--timeframe", "7q"), ("--from", "2025-01-01"), ("--speed", "max")],
)
def test_what_would_not_count_at_the_start_is_refused(option: str, value: str) -> None:
    code, answer, said = run("desk", "start", option, value)
    assert (code, answer, len(said.splitlines())) == (2, {}, 1)
    assert said.startswith(f"{option} was {value!r} without --venue")
    assert not DeskSession.objects.exists()
