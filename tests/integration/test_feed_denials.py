"""What a venue says about a pair is believed only from a whole, fresh list, and more than once."""

from __future__ import annotations

from tests.fakes.venue_server import about, market_list, says
from tests.integration.feed_scene import PAIRS, feed_scene
from trading.market.ports.feeds import PairState

A, B, C = PAIRS


async def test_a_malformed_list_of_markets_after_an_error_ends_nothing() -> None:
    """Also not after a restart, and not for one pair."""
    async with feed_scene() as scene:
        scene.server.faults = [
            about(says("oops", status=502), times=2),
            about(says(market_list([])), path="/exchangeInfo", times=2),
            about(says({"symbols": None}), path="/exchangeInfo", times=1),
            about(says("[]"), path="/exchangeInfo", times=1),
        ]
        await scene.go_on(150)
        scene.check()
        await scene.reopen()
        scene.server.faults = [about(says(market_list([B])), path="/exchangeInfo", times=1)]
        await scene.go_on(150)
        scene.check()
        assert all(news.state is PairState.FOLLOWED for news in scene.news.pairs.values())


async def test_one_refusal_of_a_pair_is_not_believed() -> None:
    async with feed_scene() as scene:
        await scene.go_on(65)
        said = says({"code": -1121, "msg": "Invalid symbol."}, status=400)
        scene.server.faults.append(about(said, symbol="BBBUSDT", times=1))
        await scene.go_on(120)
        scene.check()
        assert scene.news.pairs[B].state is PairState.FOLLOWED


async def test_a_pair_that_is_delisted_is_set_aside_by_name_and_taken_back() -> None:
    async with feed_scene() as scene:
        await scene.go_on(65)
        scene.server.pairs = [A, C]
        await scene.go_on(240)
        news = scene.news.pairs[B]
        assert news.state is PairState.SET_ASIDE
        assert "Invalid symbol" in news.reason
        assert news.retry_s is not None
        assert max(scene.delays[A][-3:]) <= 2.0
        assert scene.news.pairs[A].state is PairState.FOLLOWED
        scene.server.pairs = PAIRS
        await scene.go_on(600)
        scene.check()
        assert scene.news.pairs[B].state is PairState.FOLLOWED


UNNAMED = says({"code": -9999, "msg": "Unknown asset pair"}, status=400)


async def test_a_pair_gone_from_the_list_is_set_aside_whatever_its_candles_answer() -> None:
    async with feed_scene() as scene:
        await scene.go_on(65)
        scene.server.pairs = [A, C]
        scene.server.faults = [about(UNNAMED, symbol="BBBUSDT")]
        await scene.go_on(300)
        news = scene.news.pairs[B]
        assert (news.state, news.reason) == (
            PairState.SET_ASIDE,
            "binance has no pair BBB/USDT; did you mean CCC/USDT?",
        )
        lists = scene.server.counts()["exchangeInfo"]
        assert lists <= 6
        scene.server.pairs, scene.server.faults = PAIRS, []
        await scene.go_on(700)
        scene.check()
        assert scene.news.pairs[B].state is PairState.FOLLOWED


async def test_words_without_a_name_set_no_listed_pair_aside() -> None:
    async with feed_scene() as scene:
        await scene.go_on(65)
        no_list = says("<html>", status=502)
        scene.server.faults = [
            about(UNNAMED, symbol="BBBUSDT", times=3), about(no_list, path="/exchangeInfo"),
        ]  # fmt: skip
        await scene.go_on(180)
        scene.check()
        assert scene.news.pairs[B].state is PairState.FOLLOWED


async def test_a_pair_that_was_never_there_holds_nobody_up() -> None:
    async with feed_scene() as scene:
        scene.server.pairs = [A, C]
        await scene.go_on(150)
        assert scene.news.pairs[B].state is PairState.SET_ASIDE
        assert "binance has no pair BBB/USDT" in scene.news.pairs[B].reason
        assert {pair for pair, _ in scene.bars} == {A, C}
        assert max(max(delays) for delays in scene.delays.values()) <= 3.0
        scene.server.pairs = PAIRS
        await scene.go_on(700)
        scene.check()
        warm = [t for pair, t in scene.order if pair == B and scene.bars[pair, t].flags]
        assert len(warm) >= 4  # it joined with a history, no hole before its first live bar
