"""A name that does not exist is refused with the nearest ones."""

from __future__ import annotations

import pytest

from trading.base.domain.errors import BadInputError
from trading.base.domain.names import unknown_name

BOTS = [f"{pair} {name}" for pair in ("BTC/USDT", "ETH/USDT") for name in ("breakout", "momentum")]


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("momentumm", ["breakout", "momentum"], "did you mean 'momentum'?"),
        ("MOMENTUM", ["breakout", "momentum"], "did you mean 'momentum'?"),
        ("btc/usdt momentum", BOTS, "did you mean 'BTC/USDT momentum'?"),
        ("XTH/USDT breakout", BOTS, "did you mean 'ETH/USDT breakout'"),
        ("bot2", ["bot1", "bot3"], "did you mean 'bot1' or 'bot3'?"),
        ("zzz", ["breakout", "momentum"], "known are breakout, momentum"),
        ("zzz", [f"b{i:02}" for i in range(14)], "b10, b11 and 2 more"),
        ("zzz", [], "there is no bot yet"),
    ],
)
def test_the_nearest_names_are_offered(name: str, known: list[str], hint: str) -> None:
    error = unknown_name("bot", name, known)
    assert isinstance(error, BadInputError)
    assert str(error).startswith(f"bot was {name!r}, which is not known; ")
    assert hint in str(error)
