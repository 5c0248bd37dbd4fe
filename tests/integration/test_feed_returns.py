"""A venue that was away, is slow with all its candles, or tells a wrong time loses no bar."""

from __future__ import annotations

import pytest
from aiohttp import web

from tests.fakes.venue_server import VenueServer, about, says
from tests.integration.feed_scene import PAIRS, STEP, feed_scene
from trading.market.ports.feeds import PairState

A = PAIRS[0]
DAY_BARS = 1440


@pytest.mark.parametrize("bars", [700, DAY_BARS])
async def test_after_an_outage_longer_than_one_page_no_pair_is_passed_over(bars: int) -> None:
    async with feed_scene() as scene:
        await scene.go_on(65)
        scene.server.faults.append(about(says("down", status=502), path=""))
        for _ in range(bars):
            await scene.step()
            scene.clock.advance(60)
        scene.server.faults.clear()
        await scene.go_on(120)
        scene.check()
        assert scene.late == []
        assert min(map(len, scene.delays.values())) > bars


async def test_what_one_pair_lacks_after_an_outage_makes_no_other_late() -> None:
    """The missing bar is asked for again before the first answer after the outage is done."""
    async with feed_scene() as scene:
        await scene.go_on(65)
        scene.server.faults.append(about(says("down", status=502), path=""))
        await scene.go_on(20 * 60)
        hole = scene.server.now_ms() // STEP * STEP - 3 * STEP
        scene.server.edits["AAAUSDT", hole] = None
        scene.server.faults.clear()
        await scene.go_on(120)
        scene.check(but=((A, hole),))
        assert scene.late == []


async def test_a_venue_that_denied_all_its_pairs_was_wrong_and_loses_none() -> None:
    async with feed_scene() as scene:
        await scene.go_on(65)
        scene.server.pairs = []
        await scene.go_on(600)
        assert {news.state for news in scene.news.pairs.values()} == {PairState.SET_ASIDE}
        scene.server.pairs = PAIRS
        await scene.go_on(900)
        scene.check()
        assert scene.late == []
        assert {news.state for news in scene.news.pairs.values()} == {PairState.FOLLOWED}


async def test_a_venue_that_fails_for_what_is_old_fails_no_pair_for_ever() -> None:
    async with feed_scene() as scene:
        await scene.go_on(65)
        hole = scene.server.now_ms() // STEP * STEP + STEP
        scene.server.edits["AAAUSDT", hole] = None

        async def fail_for_the_old(request: web.Request) -> web.StreamResponse | None:
            is_old = int(request.query["startTime"]) < scene.server.now_ms() - 5 * STEP
            return web.Response(status=500) if is_old else None

        scene.server.faults.append(about(fail_for_the_old))
        await scene.go_on(900)
        scene.check(but=((A, hole),))
        assert scene.news.pairs[A].state is PairState.FOLLOWED


def _be_slow(server: VenueServer, lag_s: dict[str, float]) -> None:
    async def forget_the_newest(_: web.Request) -> web.StreamResponse | None:
        now = server.now_ms()
        for pair, lag in lag_s.items():
            for time in range(now // STEP * STEP - 3 * STEP, now + 1, STEP):
                key = (pair.replace("/", ""), time)
                if now < time + STEP + lag * 1000:
                    server.edits[key] = None
                else:
                    server.edits.pop(key, None)
        return None

    server.faults.append(about(forget_the_newest))


@pytest.mark.parametrize("lags", [(12.0, 18.0, 17.0), (20.0, 28.0, 21.0), (40.0, 45.0, 50.0)])
async def test_a_venue_that_is_slow_with_all_its_candles_loses_none(
    lags: tuple[float, ...],
) -> None:
    async with feed_scene() as scene:
        await scene.go_on(65)
        _be_slow(scene.server, dict(zip(PAIRS, lags, strict=True)))
        await scene.go_on(420)
        scene.server.faults.clear()
        scene.server.edits.clear()
        await scene.go_on(70)
        scene.check()
        assert scene.late == []
        assert max(max(delays) for delays in scene.delays.values()) <= max(lags) + 7.0


@pytest.mark.parametrize("status", [200, 429])
async def test_a_refusal_is_one_in_a_good_answer_too_and_teaches_once(status: int) -> None:
    """While a venue refuses whatever comes, it says nothing of how many are too many."""
    async with feed_scene() as scene:
        await scene.go_on(65)
        before = len(scene.server.requests)
        refused = says({"code": -1003, "msg": "Too many requests."}, status=status)
        scene.server.faults.append(about(refused))
        await scene.go_on(300)
        assert len(scene.server.requests) - before < 40
        assert scene.news.source is not None
        assert scene.news.source.n_refusals >= 3
        assert "Too many requests" in scene.news.trouble
        scene.server.faults.clear()
        await scene.go_on(300)
        scene.check()
        assert max(max(delays[-3:]) for delays in scene.delays.values()) <= 4.0


@pytest.mark.parametrize("told", ["1e30", "1750000000", "1750000000000000", "true", '"-7"'])
async def test_a_time_no_venue_can_have_is_not_believed_even_at_first(told: str) -> None:
    async with feed_scene() as scene:
        scene.server.faults.append(about(says('{"serverTime": ' + told + "}"), path="/time"))
        await scene.go_on(150)
        scene.check()
        assert max(map(max, scene.delays.values())) <= 4.0


async def test_a_feed_that_began_by_a_clock_a_day_ahead_does_not_wait_a_day() -> None:
    async with feed_scene() as scene:
        wrong = says({"serverTime": scene.server.now_ms() + DAY_BARS * STEP})
        scene.server.faults.append(about(wrong, path="/time", times=1))
        await scene.go_on(420)
        scene.check()
        assert min(map(len, scene.delays.values())) >= 3


async def test_a_date_that_stands_still_stops_no_clock() -> None:
    """As behind a cache that does not tell the age of what it answers."""
    async with feed_scene(has_time=False) as scene:
        await scene.go_on(20)
        began = scene.clock.monotonic()
        for _ in range(240):
            scene.server.date_ahead_ms = -int((scene.clock.monotonic() - began) * 1000)
            await scene.go_on(1)
        scene.check()
        assert max(map(max, scene.delays.values())) <= 4.0


@pytest.mark.parametrize("header", ["9" * 30, "1e999", "nan", "-5", "soon", "Mon, 99 Foo 2001"])
async def test_a_broken_header_is_no_order_to_be_silent_for_hours(header: str) -> None:
    async with feed_scene() as scene:
        await scene.go_on(65)
        busy = says("busy", status=503, Retry_After=header)
        scene.server.faults.append(about(busy, path="", times=1))
        await scene.go_on(60)
        scene.check()


async def test_a_ban_of_a_day_is_waited_out() -> None:
    async with feed_scene() as scene:
        await scene.go_on(65)
        banned = says({"code": -1003, "msg": "banned"}, status=418, Retry_After="86400")
        scene.server.faults.append(about(banned, path="", times=1))
        await scene.go_on(10)
        before = len(scene.server.requests)
        for _ in range(23):
            await scene.step()
            scene.clock.advance(3600)
        assert len(scene.server.requests) == before
