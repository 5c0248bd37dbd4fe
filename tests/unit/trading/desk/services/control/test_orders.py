"""Orders: only unkill lifts a kill, names exist, previews count what the act takes back."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests import factories as make
from tests.fakes.clock import FakeClock
from trading.base.domain.errors import BadInputError, OrderRefusedError
from trading.base.domain.reasons import TradingState
from trading.desk.models import Bot, TradingControl
from trading.desk.services.control.orders import Act, order_give, order_preview
from trading.desk.services.sessions.facts import trading_states
from trading.market.models import Feed

pytestmark = pytest.mark.django_db
PAUSED, HALTED, ACTIVE = TradingState.PAUSED, TradingState.HALTED, TradingState.ACTIVE
DESK = ("desk", "")


@pytest.fixture(autouse=True)
def bots() -> list[Bot]:
    """Return the bots of two sessions, one of them on a chain."""
    first = make.session(make.feed())
    chain = make.session(make.feed(name="pulsex 5m", venue="pulsex", pairs=["WPLS/DAI"]))
    return [
        make.bot(first, "BTC/USDT", "breakout"),
        make.bot(first, "BTC/USDT", "momentum"),
        make.bot(first, "ETH/USDT", "momentum", name="champion"),
        make.bot(chain, "WPLS/DAI", "breakout"),
    ]


def give(act: Act, scope: str = "desk", name: str = "", *, flatten: bool = False) -> TradingControl:
    return order_give(
        act=act, scope=scope, name=name, flatten=flatten, reason="why", actor="olga",
        clock=FakeClock(),
    )  # fmt: skip


def in_force(scope: str = "desk", name: str = "") -> TradingState:
    return TradingState(TradingControl.objects.filter(scope=scope, name=name)[0].state)


SCOPES = [
    DESK, ("venue", "simulated"), ("chain", "pulsechain"), ("strategy", "momentum"),
    ("bot", "BTC/USDT breakout"), ("bot", "champion"),
]  # fmt: skip


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("act", [Act.PAUSE, Act.RESUME])
def test_neither_pause_nor_resume_touches_a_kill(scope: tuple[str, str], act: Act) -> None:
    give(Act.KILL, *scope)
    with pytest.raises(OrderRefusedError, match="only unkill lifts a kill") as caught:
        give(act, *scope)
    assert caught.value.code == "killed"
    assert in_force(*scope) is HALTED
    assert TradingControl.objects.count() == 1


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("before", [None, Act.PAUSE, Act.RESUME])
def test_unkill_brings_back_what_was_in_force_before_the_kill(
    scope: tuple[str, str], before: Act | None
) -> None:
    if before is not None:
        give(before, *scope)
    for _ in range(2):  # a kill twice is still one kill
        give(Act.KILL, *scope)
    assert give(Act.UNKILL, *scope).state == (PAUSED if before is Act.PAUSE else ACTIVE)


def test_there_is_no_kill_to_lift_where_none_was_ordered() -> None:
    give(Act.PAUSE)
    give(Act.KILL, "strategy", "momentum")
    with pytest.raises(OrderRefusedError, match="desk is not killed") as caught:
        give(Act.UNKILL)
    assert caught.value.code == "not_killed"
    assert (in_force(), in_force("strategy", "momentum")) == (PAUSED, HALTED)


def test_a_kill_of_one_scope_is_not_lifted_through_another() -> None:
    give(Act.KILL, "bot", "BTC/USDT breakout")
    give(Act.PAUSE)
    give(Act.RESUME)
    assert in_force("bot", "BTC/USDT breakout") is HALTED


def test_a_kill_that_flattens_stays_one_until_it_is_lifted() -> None:
    give(Act.KILL, flatten=True)
    assert give(Act.KILL).flatten
    give(Act.UNKILL)
    assert not give(Act.KILL).flatten


@pytest.mark.parametrize("act", list(Act))
@pytest.mark.parametrize(
    ("scope", "name", "near"),
    [
        ("strategy", "momentumm", "'momentum'"),
        ("strategy", "Momentum", "'momentum'"),
        ("bot", "BTC/USDT momentumm", "'BTC/USDT momentum'"),
        ("bot", "btc/usdt breakout", "'BTC/USDT breakout'"),
        ("bot", "champoin", "'champion'"),
        ("bot", "XRP/USDT momentum", "USDT momentum'"),
        ("venue", "simulatd", "'simulated'"),
        ("venue", "kraken", "known are pulsex, simulated"),
        ("chain", "pulse", "'pulsechain'"),
        ("chain", "pulsex", "'pulsechain'"),
        ("strateggy", "momentum", "'strategy'"),
        ("desk", "BTC/USDT", "it has none"),
        ("bot", "", "say which bot"),
    ],
)
def test_a_name_that_does_not_exist_is_refused_whatever_is_ordered(
    act: Act, scope: str, name: str, near: str
) -> None:
    with pytest.raises(BadInputError) as caught:
        give(act, scope, name)
    assert near in str(caught.value)
    assert not TradingControl.objects.exists()


def test_a_strategy_that_no_bot_runs_may_be_killed_beforehand() -> None:
    assert order_preview(scope="strategy", name="donchian_champion").n_bots == 0
    assert give(Act.KILL, "strategy", "donchian_champion").state == HALTED


def test_the_kill_of_what_is_gone_can_still_be_lifted(bots: list[Bot]) -> None:
    give(Act.KILL, "bot", "champion")
    bots[2].delete()
    with pytest.raises(BadInputError, match="which is not known"):
        give(Act.KILL, "bot", "champio")
    assert give(Act.UNKILL, "bot", "champion").state == ACTIVE


def test_names_of_ended_sessions_give_way_to_those_that_run(bots: list[Bot]) -> None:
    old = make.session(Feed.objects.get(venue="simulated"), is_wanted=False, status="stopped")
    make.bot(old, "SOL/USDT", "momentum")
    with pytest.raises(BadInputError, match="which is not known"):
        give(Act.KILL, "bot", "SOL/USDT momentum")


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301])
def test_an_order_needs_a_reason_that_can_be_kept(reason: str) -> None:
    with pytest.raises(BadInputError, match="reason was"):
        order_give(
            act=Act.PAUSE, scope="desk", name="", reason=reason, actor="o", clock=FakeClock()
        )


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        (DESK, [0, 1, 2, 3]),
        (("venue", "simulated"), [0, 1, 2]),
        (("venue", "pulsex"), [3]),
        (("chain", "pulsechain"), [3]),
        (("strategy", "momentum"), [1, 2]),
        (("strategy", "breakout"), [0, 3]),
        (("bot", "BTC/USDT momentum"), [1]),
        (("bot", "ETH/USDT momentum"), [2]),
        (("bot", "champion"), [2]),
    ],
)
def test_the_preview_counts_the_very_bots_that_obey(
    bots: list[Bot], scope: tuple[str, str], covered: list[int]
) -> None:
    for bot in bots:
        make.order(bot, status="accepted")
        make.order(bot, status="partially_filled")
        make.order(bot, status="cancelling")  # taken back already
        make.order(bot, "stop", status="accepted")
        make.position(bot, entry="100", stop="98", quantity=Decimal(2), entry_time=1)
    preview = order_preview(scope=scope[0], name=scope[1])
    assert preview.n_bots == len(preview.positions) == len(covered)
    assert preview.n_open_orders == 2 * len(covered)
    row = give(Act.KILL, *scope)
    indexes: dict[int, list[int]] = {}
    for bot in bots:
        indexes.setdefault(bot.session_id, []).append(bot.index)
    states = {session: trading_states(session, of, [row]) for session, of in indexes.items()}
    obeying = [bot.pk for bot in bots if states[bot.session_id][bot.index][0] is HALTED]
    assert obeying == [bots[i].pk for i in covered]


@pytest.mark.parametrize("status", ["failed", "stopped", "finished"])
def test_what_no_worker_will_obey_is_not_counted(bots: list[Bot], status: str) -> None:
    bots[0].session.status = status
    bots[0].session.save()
    assert order_preview(scope="desk", name="").n_bots == 1
