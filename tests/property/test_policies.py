"""Laws of policies written down: exact round trip, one digest per value."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, get_origin, get_type_hints

from hypothesis import given
from hypothesis import strategies as st

from trading.desk.domain.policy import Policy
from trading.desk.services.config.policies import policy_digest, policy_dump, policy_load

AMOUNTS: Final = st.decimals("0.001", "1000", places=18)


def values(kind: Any, metadata: Any) -> st.SearchStrategy[Any]:
    low, high = metadata.get("low"), metadata.get("high")
    if kind is bool:
        return st.booleans()
    if kind in (int, float):
        return st.integers(int(low), int(high)) if kind is int else st.floats(low, high)
    if kind is Decimal:
        return st.decimals(str(low), str(high), places=18)
    if get_origin(kind) is dict:  # amounts by currency
        return st.dictionaries(st.sampled_from(["BTC", "EUR", "USDT"]), AMOUNTS)
    if issubclass(kind, StrEnum):
        return st.sampled_from(list(kind))
    return st.text("ABCDEFG", min_size=1, max_size=8)


def sections(kind: Any) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    parts = {
        item.name: sections(hints[item.name])
        if is_dataclass(hints[item.name])
        else values(hints[item.name], item.metadata)
        for item in fields(kind)
    }
    if "min_closes" in parts:  # the one rule between two settings
        parts["window"] = st.just(10_000)
    return st.builds(kind, **parts)


@given(sections(Policy))
def test_any_policy_comes_back_exactly(policy: Policy) -> None:
    again = policy_load(json.loads(json.dumps(policy_dump(policy))))
    assert again == policy
    assert policy_dump(again) == policy_dump(policy)
    assert policy_digest(again) == policy_digest(policy)


@given(sections(Policy), sections(Policy))
def test_digests_differ_exactly_when_policies_do(one: Policy, other: Policy) -> None:
    assert (policy_digest(one) == policy_digest(other)) == (one == other)
