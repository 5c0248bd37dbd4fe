"""A proxy of the environment leads to venues, aggregators and nodes, never to this machine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from trading.base.domain.addresses import is_this_machine
from trading.market import bootstrap
from trading.market.adapters.quotes_http import HttpQuoter
from trading.market.adapters.quotes_router import node_connect
from trading.market.ports.quotes import Token

HERE, OUTSIDE = "http://127.0.0.1:9", "http://venue.invalid"


class Proxy(ThreadingHTTPServer):
    """Refuses everything and remembers what it was asked for."""

    asked: list[str]


class Refusing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        self.send_error(502)

    do_POST = do_GET  # noqa: N815 - the name is the protocol's

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    with Proxy(("127.0.0.1", 0), Refusing) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_port}")
        yield server
        server.shutdown()
        thread.join()


async def candles(url: str) -> None:
    source = bootstrap.candle_source(venue="kraken", base_url=url)
    try:
        await source.fetch("BTC/USD", "5m", since_ms=1_700_000_000_000, limit=5)
    finally:
        await source.close()


async def quote(url: str) -> None:
    quoter = HttpQuoter(f"{url}/quote", chain_id=369)
    token = Token("0x" + "1" * 40, 18)
    try:
        await quoter.quote(sell=token, buy=token, amount=1)
    finally:
        await quoter.close()


async def node(url: str) -> None:
    client = node_connect(url)
    try:
        await client.eth.chain_id
    finally:
        await client.provider.disconnect()


@pytest.mark.parametrize("ask", [candles, quote, node])
def test_outside_is_asked_through_the_proxy_and_this_machine_is_not(
    ask: Callable[[str], Awaitable[None]], proxy: Proxy
) -> None:
    for url in (HERE, OUTSIDE):
        with pytest.raises(Exception, match=r"\S"):
            asyncio.run(ask(url))  # type: ignore[arg-type]
        assert bool(proxy.asked) is (url == OUTSIDE)
    assert all(path.startswith(OUTSIDE) for path in proxy.asked)


@pytest.mark.parametrize("ask", [candles, quote, node])
def test_a_host_named_in_no_proxy_is_asked_directly(
    ask: Callable[[str], Awaitable[None]], proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "venue.invalid")
    with pytest.raises(Exception, match=r"\S"):
        asyncio.run(ask(OUTSIDE))  # type: ignore[arg-type]
    assert proxy.asked == []


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8545", True), ("http://127.9.9.9", True), ("http://[::1]:1", True),
        ("http://LOCALHOST:1", True), ("http://desk.localhost", True), ("http://0.0.0.0:1", True),
        ("https://api.kraken.com", False), ("http://10.0.0.1", False), ("", False),
        ("http://localhost.example.org", False), ("http://127.0.0.1.example.org", False),
    ],
)  # fmt: skip
def test_what_is_this_machine(url: str, here: bool) -> None:
    assert is_this_machine(url) is here
