"""``bots list`` and ``bots remove`` as a person types them."""

from __future__ import annotations

import json
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.factories import desk
from tests.fakes.config_folder import ConfigFolder
from tests.oracles.desk_parity import entries_of
from tests.oracles.paths import schedule
from trading.desk.bootstrap import bot_install
from trading.desk.models import ConfigRevision, DeskSession

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_desk(settings: Any, tmp_path: Path) -> None:
    """Give the desk a folder, a configuration and swap costs of the test's own."""
    settings.DATA_DIR = tmp_path
    settings.CONFIG_PATH = ConfigFolder(tmp_path).root
    costs = {"metadata": {}, "entries": entries_of(schedule())}
    (tmp_path / "swap_cost_cache.json").write_text(json.dumps(costs))


def install() -> int | None:
    return bot_install(
        name="mine", strategy="hybrid_v2", params={}, venue="bybit", pair="ETH/USDT",
        timeframe="5m", trade_size=1000, by="olga", why="a test",
    ).session_id  # fmt: skip


def typed(*words: str) -> str:
    out = StringIO()
    call_command("bots", *words, stdout=out)
    return out.getvalue()


def test_running_and_idle_bots_are_listed() -> None:
    session = desk.session(desk.feed(venue="bybit"))
    desk.bot(session)
    own = install()
    bots = json.loads(typed("list", "--json").splitlines()[-1])["bots"]
    assert [(b["name"], b["strategy"], b["session"]) for b in bots] == [
        ("", "breakout", session.pk),
        ("mine", "hybrid_v2", own),
    ]
    assert Decimal(bots[1]["equity"]) == 1000
    DeskSession.objects.filter(pk=own).update(is_wanted=False)
    idle = json.loads(typed("list", "--json").splitlines()[-1])["bots"][1]
    assert (idle["name"], idle["session"], idle["equity"]) == ("mine", None, None)
    assert "mine: ETH/USDT hybrid_v2, no session" in typed("list")
    assert f"BTC/USDT breakout, session {session.pk}, equity 1000.00 USDT" in typed("list")


def test_a_desk_without_bots_says_what_to_do() -> None:
    assert typed("list") == "no bots; start a market with: manage.py desk start\n"


def test_removing_is_a_revision_and_stops_the_session() -> None:
    desk.feed(venue="bybit")
    own = install()
    text = typed("remove", "mine", "--reason", "enough")
    assert text == "removed: mine\nrevision: 2\n"
    assert ConfigRevision.objects.get(number=2).reason == "enough"
    assert not DeskSession.objects.get(pk=own).is_wanted


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    err = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("bots", "remove", "yours", "--reason", "x", stdout=StringIO(), stderr=err)
    assert stopped.value.code == 2
    assert err.getvalue().strip() == "bot was 'yours'; installed are: none"
