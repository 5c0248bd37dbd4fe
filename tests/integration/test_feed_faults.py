"""A followed venue that misbehaves in every way: no bar is wrong, doubled or lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web

from tests.fakes.venue_server import about, hangs, says
from tests.integration.feed_scene import PAIRS, START, STEP, feed_scene
from trading.market.ports.feeds import PairState

FIRST = START // STEP * STEP  # the bar that forms when the scene begins
A, B, C = PAIRS


async def test_a_healthy_venue_is_asked_little_and_its_bars_come_at_once() -> None:
    async with feed_scene() as scene:
        await scene.go_on(300)
        scene.check()
        assert scene.late == scene.revised == []
        assert max(max(delays) for delays in scene.delays.values()) <= 3.0
        counts = scene.server.counts()
        assert counts["klines"] <= 3 * 5 * 13
        assert counts["exchangeInfo"] == 1
        assert all(news.state is PairState.FOLLOWED for news in scene.news.pairs.values())
        assert scene.news.trouble == ""


@pytest.mark.parametrize("has_time", [True, False])
@pytest.mark.parametrize("ahead_s", [-40, -15 * 60, 15 * 60, 3])
async def test_the_venues_clock_closes_a_bar_and_not_the_hosts(
    ahead_s: int, has_time: bool
) -> None:
    async with feed_scene(ahead_ms=ahead_s * 1000, has_time=has_time) as scene:
        scene.server.date_ahead_ms = 77_000 if has_time else 0  # a proxy's clock says nothing
        await scene.go_on(200)
        scene.check()
        assert scene.revised == []
        assert max(max(delays) for delays in scene.delays.values()) <= 4.0
        assert scene.news.clock is not None
        assert abs(scene.news.clock.skew_ms + ahead_s * 1000) < 1000


async def test_a_clock_that_is_set_while_the_feed_runs_closes_no_bar_early() -> None:
    async with feed_scene() as scene:
        await scene.go_on(90)
        monotonic = scene.clock.monotonic
        scene.clock.monotonic = lambda: monotonic() - 40.0  # type: ignore[method-assign]
        scene.server.ahead_ms = -40_000
        scene.clock.advance(40.0)  # the host's wall clock jumps, the venue's and the other do not
        await scene.go_on(150)
        scene.check()
        assert scene.revised == []


async def test_a_pair_that_hangs_delays_no_other_and_its_bars_come_late() -> None:
    async with feed_scene() as scene:
        await scene.go_on(50)
        scene.server.faults.append(about(hangs(), symbol="AAAUSDT"))
        await scene.go_on(250)
        assert scene.news.pairs[A].state is PairState.FAILING
        assert max(scene.delays[B]) <= 6.0
        assert max(scene.delays[B][-3:]) <= 3.0
        scene.server.faults.clear()
        await scene.reopen()
        await scene.go_on(100)
        scene.check()
        assert {pair for pair, _ in scene.late} == {A}
        assert len(scene.late) >= 3


async def test_an_answer_of_only_some_bars_loses_none() -> None:
    async with feed_scene(history=40) as scene:
        turn = [0]

        async def half(request: web.Request) -> web.StreamResponse | None:
            turn[0] += 1
            answer = scene.server._klines(request)
            rows: list[Any] = json.loads(answer.text or "[]")
            return web.json_response(rows[::2] if turn[0] % 3 else rows[: len(rows) // 2])

        scene.server.faults.append(about(half, times=14))
        await scene.go_on(240)
        scene.check()


@pytest.mark.parametrize(
    "fault",
    [
        says("<html>Bad gateway</html>", status=502),
        says("", status=503),
        says('[[1,"2",'),
        says("{}"),
        says([]),
        says([[1, 2]]),
        says([["x", "1", "1", "1", "1", "1"]]),
        says({"code": -1000, "msg": "An unknown error occurred."}, status=500),
        says({"code": -2015, "msg": "Invalid API-key, IP, or permissions."}, status=401),
        says("Forbidden", status=407),
    ],
)  # fmt: skip
async def test_bad_answers_for_a_while_are_got_over_without_a_restart(fault: Any) -> None:
    async with feed_scene() as scene:
        await scene.go_on(65)
        scene.server.faults.append(about(fault))
        await scene.go_on(100)
        scene.server.faults.clear()
        await scene.go_on(150)
        scene.check()
        assert scene.news.trouble == ""


async def test_trouble_is_said_while_it_lasts_and_a_venue_in_trouble_is_asked_less() -> None:
    async with feed_scene(pairs=[f"P{i:02d}/USDT" for i in range(20)]) as scene:
        await scene.go_on(65)
        scene.server.faults.append(about(says("busy", status=503), path=""))
        before = len(scene.server.requests)
        await scene.go_on(300)
        assert "503" in scene.news.trouble
        assert len(scene.server.requests) - before < 45
        scene.server.faults.clear()
        await scene.go_on(120)
        scene.check()


async def test_a_poisoned_bar_is_set_aside_and_the_feed_goes_on() -> None:
    async with feed_scene() as scene:
        times = [FIRST + i * STEP for i in range(4)]
        off, null, _, bad = (scene.server.row(A, t) for t in times)
        off[0] += 1000
        null[5] = None
        bad[2] = "0"
        for row, time in zip((off, null, bad), (times[0], times[1], times[3]), strict=True):
            scene.server.edits["AAAUSDT", time] = row
        await scene.go_on(420)
        assert [(pair, reason) for pair, _, reason in scene.refused] == [
            (A, "off_grid"), (A, "no_volume"), (A, "not_positive"),
        ]  # fmt: skip
        scene.check(but=tuple((A, t) for t in (times[0], times[1], times[3])))
        assert max(scene.delays[B][-2:]) <= 2.0


async def test_a_bar_the_venue_changes_after_its_close_is_corrected_once() -> None:
    async with feed_scene() as scene:
        wrong = scene.server.row(B, FIRST)
        wrong[5] = "12.5"
        scene.server.edits["BBBUSDT", FIRST] = wrong
        await scene.go_on(50)
        assert scene.bars[B, FIRST].volume == 12.5
        del scene.server.edits["BBBUSDT", FIRST]
        await scene.go_on(60)
        assert scene.revised == [(B, FIRST)]
        scene.check()


async def test_a_bar_that_comes_after_its_grace_is_late_and_not_lost() -> None:
    async with feed_scene() as scene:
        scene.server.edits["CCCUSDT", FIRST] = None
        await scene.go_on(80)
        assert (C, FIRST) not in scene.bars
        assert (A, FIRST) in scene.bars
        del scene.server.edits["CCCUSDT", FIRST]
        await scene.go_on(60)
        assert scene.late == [(C, FIRST)]
        scene.check()


async def test_after_an_outage_all_bars_come_in_order_and_none_is_late() -> None:
    async with feed_scene() as scene:
        await scene.go_on(65)
        scene.server.faults.append(about(says("down", status=502), path=""))
        await scene.go_on(15 * 60)
        scene.server.faults.clear()
        await scene.go_on(150)
        scene.check()
        assert scene.late == []


async def test_a_new_listing_on_a_venue_of_windows_begins_with_its_first_bar() -> None:
    async with feed_scene(history=900) as scene:
        listed = FIRST - 100 * STEP

        async def window(request: web.Request) -> web.StreamResponse | None:
            """Answer about 300 bars from the start asked for, whether there are any or not."""
            start = int(request.query["startTime"])
            pair = A if request.query["symbol"] == "AAAUSDT" else B
            first = max(start, listed if pair == A else 0)
            until = min(start + 300 * STEP, scene.server.now_ms() + 1)
            times = range(-(-first // STEP) * STEP, until, STEP)
            return web.json_response([scene.server.row(pair, t) for t in times])

        scene.spec = scene.spec.__class__("1m", (A, B), 5.0, 900)
        await scene.reopen()
        scene.feed._source._most_bars = lambda: 300  # type: ignore[attr-defined]
        scene.server.faults.append(about(window))
        await scene.go_on(60)
        assert min(t for pair, t in scene.bars if pair == A) == listed
        assert min(t for pair, t in scene.bars if pair == B) == FIRST - 900 * STEP
        scene.check()


async def test_a_restart_at_any_moment_neither_loses_nor_repeats_a_bar() -> None:
    async with feed_scene() as scene:
        for seconds in (3, 42, 17, 61, 30, 95):
            await scene.go_on(seconds)
            await scene.reopen()
        await scene.go_on(70)
        scene.check()
