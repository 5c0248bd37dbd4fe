"""Obey one JSON line at a time: write a fact as the desk's processes do, then publish it.

A process of its own, so that news reaches the browser the way it does in the running desk: from
another process, over Redis.
"""

from __future__ import annotations

import asyncio
import json
import sys
from decimal import Decimal
from typing import Any

import django

django.setup()

from django.utils import timezone  # noqa: E402

from tests import factories as make  # noqa: E402
from tests.web import desk_scene  # noqa: E402
from trading.base.adapters.channels_publisher import ChannelsPublisher  # noqa: E402
from trading.base.domain.reasons import Gate, Outcome, TradingState  # noqa: E402
from trading.base.domain.topics import DESK  # noqa: E402
from trading.desk.domain.decision.facts import FactKind  # noqa: E402
from trading.desk.models import Bot, BotRearm, DeskSession, SessionFact, TradingControl  # noqa: E402
from trading.market.domain.topics import candles_topic  # noqa: E402
from trading.market.models import Feed, FeedPair, StreamBar  # noqa: E402
from trading.market.ports.feeds import PairState  # noqa: E402

STEP_MS = 300_000
RUNNER = asyncio.Runner()  # one loop, so that the layer keeps its connection


def publish(topic: str, **message: Any) -> None:
    """Send one message over the real channel layer."""
    if not RUNNER.run(ChannelsPublisher(timeout_s=5).publish(topic, message)):
        raise RuntimeError(f"{topic} was not published")


def bar(pair: str, close: float, *, silent: bool = False, closed: bool = True) -> dict[str, Any]:
    """Append one closed bar (or show a forming one) and publish it unless silent."""
    feed = Feed.objects.get()
    last = StreamBar.objects.filter(feed=feed, pair=pair).order_by("-n").first()
    assert last is not None
    n, open_time = last.n + 1, last.open_time + STEP_MS
    if closed:
        make.bars(feed, pair, [close], first_ms=make.START_MS)
    Feed.objects.update(last_bar_at=_now(), heartbeat_at=_now())
    if not silent:
        publish(
            candles_topic(feed.pk, pair), kind="bar", feed=feed.pk, pair=pair, n=n, t=open_time,
            o=last.close, h=max(last.close, close), l=min(last.close, close), c=close, v=3.0,
            closed=closed, flags=0,
        )  # fmt: skip
    return {"n": n, "t": open_time}


def decision(pair: str) -> dict[str, Any]:
    """Refuse a signal on the next bar."""
    bot = Bot.objects.filter(pair=pair).first()
    assert bot is not None
    last = bot.decisions.order_by("-open_time").first()
    assert last is not None
    gate = make.failed(Gate.GAS, 0.004, 0.01, Outcome.GAS_TOO_LOW)
    row = make.decision(bot, Outcome.GAS_TOO_LOW, gate, open_time=last.open_time + STEP_MS)
    bot.equity += 1
    bot.save()
    _step(pair, positions_changed=False)
    return {"id": row.pk}


def checkpoint(pair: str) -> dict[str, Any]:
    """Close a profitable round trip and set its slice aside."""
    bot = Bot.objects.filter(pair=pair).last()
    assert bot is not None
    position = make.position(bot, entry="100", is_open=False)
    row = make.checkpoint(make.round_trip(position, "140"), reserved=Decimal("5.97"))
    _step(pair, round_trips=1, checkpoints=1, positions_changed=True)
    return {"id": row.pk}


def btc_pair() -> dict[str, Any]:
    """Put a pair quoted in another currency into the session."""
    session = DeskSession.objects.get()
    bots = list(session.bots.all())
    bot = desk_scene.add_btc_pair(desk_scene.Scene(session.feed, session, bots))
    _step(bot.pair, positions_changed=True)
    return {"id": bot.pk}


def follow(closed_s_ago: dict[str, float]) -> dict[str, Any]:
    """Turn the feed into a followed venue whose last bars closed so many seconds ago."""
    feed, now = Feed.objects.get(), _now()
    Feed.objects.update(
        kind="ccxt", is_simulated=False, clock_skew_ms=0.0, params={}, last_bar_at=now
    )
    for pair, seconds in closed_s_ago.items():
        opened = int((now.timestamp() - seconds) * 1000) - STEP_MS
        values = {"state": PairState.FOLLOWED.value, "state_at": now, "last_open_time": opened}
        FeedPair.objects.update_or_create(feed=feed, pair=pair, defaults=values)
    _step(next(iter(closed_s_ago)), positions_changed=False)
    return {}


def control() -> dict[str, Any]:
    """Return the newest order of an operator."""
    row = TradingControl.objects.order_by("-id").first()
    if row is None:
        return {"state": None}
    return {
        "state": TradingState(row.state).name, "reason": row.reason, "actor": row.actor,
        "n": TradingControl.objects.count(),
    }  # fmt: skip


def drawdown(pair: str) -> dict[str, Any]:
    """Let the first bot of the pair fall 27 % below its peak, which its limit of 25 % stops."""
    session = DeskSession.objects.get()
    start = SessionFact.objects.get(session=session, kind=FactKind.START)
    start.payload["policy"]["risk"] = {"max_drawdown_pct": 25.0}
    start.payload["bots"] = [{"index": bot.index} for bot in session.bots.all()]
    start.save()
    bot = session.bots.filter(pair=pair).order_by("index")[0]
    bot.equity, bot.peak_equity = Decimal(730), Decimal(1000)
    bot.save()
    _step(pair, positions_changed=True)
    return {"id": bot.pk}


def rearmed() -> dict[str, Any]:
    """Return the newest order to re-arm a bot."""
    row = BotRearm.objects.order_by("-id")[0]
    return {"bot": row.bot_id, "reason": row.reason, "actor": row.actor}


def _step(pair: str, **values: Any) -> None:
    session = DeskSession.objects.get()
    step = {"fills": 0, "round_trips": 0, "checkpoints": 0, "decisions": [{"pair": pair}]}
    publish(DESK, kind="step", session=session.pk, seq=1, **step | values)


def _now() -> Any:
    return timezone.now()


ACTS = {
    "bar": bar, "decision": decision, "checkpoint": checkpoint, "control": control,
    "drawdown": drawdown, "rearmed": rearmed, "btc_pair": btc_pair, "follow": follow,
}  # fmt: skip

if __name__ == "__main__":
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(ACTS[request.pop("act")](**request)), flush=True)
