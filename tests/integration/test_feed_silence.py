"""A venue that wants to be asked less is asked less, and its bars come all the same."""

from __future__ import annotations

import json
from email.utils import formatdate
from typing import Any

import pytest
from aiohttp import web

from tests.fakes.venue_server import about, says
from tests.integration.feed_scene import FeedScene, feed_scene


@pytest.mark.parametrize(
    ("status", "headers", "body", "pause_s"),
    [
        (429, {"Retry_After": "45"}, {"code": -1003, "msg": "Too many requests."}, 45),
        (418, {"Retry_After": "120"}, {"code": -1003, "msg": "banned"}, 120),
        (403, {"Retry_After": "50"}, "WAF", 50),
        (503, {"Retry_After": "40"}, "maintenance", 40),
        (418, {}, {"code": -1003, "msg": "IP banned until UNTIL."}, 90),
        (429, {"Retry_After": "DATE"}, {"code": -1003, "msg": "Too many"}, 60),
    ],
)  # fmt: skip
async def test_a_venue_that_wants_silence_gets_it(
    status: int, headers: dict[str, str], body: Any, pause_s: int
) -> None:
    async with feed_scene() as scene:
        await scene.go_on(63)
        until_ms = scene.server.now_ms() + pause_s * 1000
        text = body if isinstance(body, str) else json.dumps(body)
        text = text.replace("UNTIL", str(until_ms))
        named = {n: v.replace("DATE", _http_date(until_ms)) for n, v in headers.items()}
        began = scene.clock.monotonic()
        scene.server.faults.append(about(says(text, status=status, **named), path="", times=1))
        await scene.go_on(pause_s + 120)
        asked = [at for at, _ in scene.server.requests if at > began]
        end = (
            asked[0] + pause_s if headers.get("Retry_After", "DATE") != "DATE" else until_ms / 1000
        )
        silent = [at for at in asked[1:] if at < end - 1.0]
        assert len(silent) <= 2  # what was under way when the refusal came
        assert all(at - asked[0] < 1.5 for at in silent)
        assert any(end - 1.0 <= at < end + 8 for at in asked)
        scene.check()


async def test_while_a_venue_wants_silence_the_feed_says_so() -> None:
    async with feed_scene() as scene:
        await scene.go_on(63)
        banned = says({"code": -1003, "msg": "banned"}, status=418, Retry_After="600")
        scene.server.faults.append(about(banned, path="", times=1))
        await scene.go_on(10)
        assert "banned" in scene.news.trouble
        assert scene.news.source is not None
        assert 580 < scene.news.source.paused_s <= 600
        assert scene.news.source.n_refusals >= 1


def _http_date(at_ms: int) -> str:
    return formatdate(at_ms / 1000, usegmt=True)


async def _limited(scene: FeedScene, per_minute: int) -> list[float]:
    """Let the venue take so many requests in any minute; return when it refused."""
    refused: list[float] = []
    heard: list[float] = []

    async def limit(request: web.Request) -> web.StreamResponse | None:
        now = scene.clock.monotonic()
        heard.append(now)
        while heard[0] < now - 60:
            heard.pop(0)
        if len(heard) <= per_minute:
            return None
        refused.append(now)
        return web.json_response({"code": -1003, "msg": "Too many requests"}, status=429)

    scene.server.faults.append(limit)
    return refused


async def test_at_a_venue_of_few_requests_refusals_stay_rare_and_bars_come() -> None:
    async with feed_scene(pairs=[f"P{i:02d}/USDT" for i in range(20)]) as scene:
        refused = await _limited(scene, 50)
        await scene.go_on(600)
        scene.check()
        assert 1 <= len(refused) <= 20  # those under way when the first was refused
        assert len([at for at in refused if at > refused[0] + 120]) <= 2
