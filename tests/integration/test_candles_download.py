"""``candles download`` as a process, against a venue on a local socket."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from aiohttp import web

from tests.fakes.candles import START_MS, series
from tests.fakes.clock import FakeClock
from tests.fakes.kline_server import STEP_MS, KlineServer
from trading.market.domain.bars import BarArrays
from trading.market.domain.series.digest import bars_digest

REPOSITORY = Path(__file__).resolve().parents[2]


async def download(
    server: KlineServer, folder: Path, pair: str = "BTC/USDT"
) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "manage.py", "candles", "download", "--venue", "binance", "--pair", pair,
        "--timeframe", "5m", "--since", "2025-01-01", "--base-url", server.url, "--json",
        cwd=REPOSITORY,
        env=os.environ | {"GUARDIAN_DATA_DIR": str(folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_a_venue_is_followed_by_its_news_only(tmp_path: Path) -> None:
    clock = FakeClock(START_MS + 40 * STEP_MS + 1000)
    given = series(60)
    async with KlineServer(clock, {"BTC/USDT": given}) as server:
        code, out, _ = await download(server, tmp_path)
        first = json.loads(out.splitlines()[-1])
        assert (code, first["rows"], first["new"]) == (0, 40, 40)
        clock.advance(10 * 300)
        _, out, _ = await download(server, tmp_path)
        second = json.loads(out.splitlines()[-1])
        assert (second["rows"], second["new"], second["was_rewritten"]) == (50, 10, False)
    whole = BarArrays(given.open_time[:50], given.values[:, :50], given.flags[:50])
    assert second["digest"] == bars_digest(whole)


async def test_a_pair_the_venue_lacks_gives_one_line_and_exit_code_two(tmp_path: Path) -> None:
    async with KlineServer(FakeClock(), {"BTC/USDT": series(5)}) as server:
        code, out, err = await download(server, tmp_path, "BTC/USDC")
    assert (code, out) == (2, "")
    assert err.splitlines() == ["binance has no pair BTC/USDC; did you mean BTC/USDT?"]


async def test_a_venue_that_is_down_gives_exit_code_one_and_its_reason(tmp_path: Path) -> None:
    async with KlineServer(FakeClock(), {"BTC/USDT": series(5)}) as server:
        pass
    code, out, _ = await download(server, tmp_path)
    assert code == 1
    assert json.loads(out.splitlines()[-1])["error"] == "venue_unavailable"


async def test_a_failure_that_passes_costs_no_bar_and_a_bar_without_volume_is_named(
    tmp_path: Path,
) -> None:
    clock = FakeClock(START_MS + 50 * STEP_MS + 1000)
    async with KlineServer(clock, {"BTC/USDT": series(60)}) as server:
        server.cap = 20
        server.faults = [web.Response(status=503), web.json_response({"code": 0}, status=502)]
        at = START_MS + 30 * STEP_MS
        server.edits = {("BTCUSDT", at): [at, "1", "1", "1", "1", None, at + STEP_MS - 1]}
        code, out, err = await download(server, tmp_path)
        answer = json.loads(out.splitlines()[-1])
    assert (code, answer["rows"], answer["missing_bars"]) == (0, 49, 1)
    assert answer["left_out"] == {"no_volume": 1}
    assert answer["repeated_requests"] == 2
    assert err.count("asked again in") == 2
    assert "1 bar left out, each of which has no volume (no_volume)" in err
