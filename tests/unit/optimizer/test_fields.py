"""Numbers keep their kind, whatever a store makes of them."""

from __future__ import annotations

import json

from optimizer.models.fields import FigureDecoder


def test_what_a_store_wrote_out_in_full_is_a_float_again() -> None:
    found = json.loads(
        '{"few": 7, "least": -9223372036854775808, "many": 222881468607235340000, "part": 0.5}',
        cls=FigureDecoder,
    )
    assert found == {"few": 7, "least": -(2**63), "many": 222881468607235340000.0, "part": 0.5}
    assert [type(value) for value in found.values()] == [int, int, float, float]
