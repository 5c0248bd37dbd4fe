"""One spelling for a symbol, and never one for two of them."""

from __future__ import annotations

import pytest

from trading.base.domain.currencies import normal_symbol


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("btc", "BTC"),
        ("ｂｔｃ", "BTC"),
        ("ﬁn", "FIN"),
        ("ß", "ß"),
        ("SS", "SS"),
        ("é", "É"),
        ("ı", "I"),
    ],
)
def test_a_symbol_has_one_spelling(text: str, expected: str) -> None:
    assert normal_symbol(text) == expected
    assert normal_symbol(expected) == expected
