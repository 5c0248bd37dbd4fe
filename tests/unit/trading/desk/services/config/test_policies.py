"""A policy that was written down comes back as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from trading.desk.domain.policy import Policy
from trading.desk.services.config.policies import policy_digest, policy_dump, policy_load
from trading.desk.services.config.problems import InvalidConfigError
from trading.treasury.domain.policy import SavingsPolicy


def test_a_policy_survives_the_journey_through_json() -> None:
    policy = Policy(savings=SavingsPolicy(ratio=Decimal("0.100000000000000001")))
    assert policy_load(json.loads(json.dumps(policy_dump(policy)))) == policy


def test_decimals_are_text_and_floats_are_floats() -> None:
    dump = policy_dump(replace(Policy(), risk=replace(Policy().risk, position_pct=40)))
    assert dump["savings"]["ratio"] == "0.15"
    assert isinstance(dump["risk"]["position_pct"], float)
    assert dump["execution"]["sizing"] == "risk"


def test_settings_newer_than_the_dump_take_their_default() -> None:
    dump = policy_dump(Policy())
    del dump["savings"]["dust"], dump["forecast"]
    assert policy_load(dump) == Policy()


def test_an_unknown_key_in_a_dump_is_refused() -> None:
    dump = policy_dump(Policy())
    dump["savings"]["rato"] = 1
    with pytest.raises(InvalidConfigError, match=r"savings\.rato .* policy\.savings\.ratio"):
        policy_load(dump)


def test_equal_policies_have_one_digest_however_their_numbers_are_spelled() -> None:
    one = Policy(savings=SavingsPolicy(fee_guard=Decimal("1.890")))
    assert one == Policy()
    assert policy_digest(one) == policy_digest(Policy())
    other = Policy(savings=SavingsPolicy(fee_guard=Decimal("1.9")))
    assert policy_digest(other) != policy_digest(one)
