"""Write a policy down and read it back exactly: sessions keep it beside their decisions.

The dump is JSON-ready (decimals as text). The digest names a policy by its values: two policies
that compare equal have the same digest, however their numbers were spelled.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Any, Final, cast

from trading.desk.domain.policy import Policy
from trading.desk.services.config.decode import section_decode
from trading.desk.services.config.problems import InvalidConfigError, Problem
from trading.desk.services.config.schema import encode
from trading.desk.services.config.tree import Origin, tree_make

_EXACT: Final = Context(prec=60)  # more digits than any setting may have


def policy_dump(policy: Policy) -> dict[str, Any]:
    """Return the policy as nested JSON-ready maps."""
    dump: dict[str, Any] = encode(policy, Policy)
    return dump


def policy_load(dump: Mapping[str, Any]) -> Policy:
    """Return the policy that ``policy_dump`` wrote; settings newer than the dump are defaults.

    Raises:
        InvalidConfigError: an unknown key or an impossible value.
    """
    problems: list[Problem] = []
    tree = tree_make(dump, Origin("recorded", "recorded policy"))
    policy = section_decode(Policy, tree, problems, "policy.")
    if problems:
        raise InvalidConfigError(problems)
    return cast(Policy, policy)


def policy_recall(dump: Mapping[str, Any]) -> tuple[Policy, list[str]]:
    """Return the policy another code version wrote, and what of it this one cannot use.

    Settings it does not know are left out, and those it cannot take are its defaults: a session
    with positions goes on under the rest of its policy.
    """
    tree = copy.deepcopy(dict(dump))
    said: list[str] = []
    while True:
        try:
            return policy_load(tree), said
        except InvalidConfigError as error:
            said += [str(problem) for problem in error.problems]
            left_out = [_leave_out(tree, problem.path) for problem in error.problems]
            if not any(left_out):
                return Policy(), said


def _leave_out(tree: dict[str, Any], path: str) -> bool:
    """Take the setting at ``path`` out, or the deepest section above it that there is."""
    keys = path.removeprefix("policy.").split(".")
    node = tree
    for key in keys[:-1]:
        if not isinstance(node.get(key), dict):
            return node.pop(key, None) is not None
        node = node[key]
    is_there = keys[-1] in node
    node.pop(keys[-1], None)
    return is_there


def policy_digest(policy: Policy) -> str:
    """Return 64 hex digits that name the policy's values."""
    return value_digest(policy, Policy)


def value_digest(value: Any, kind: Any) -> str:
    """Return SHA-256 over the canonical JSON of any section of the configuration."""
    data = encode(value, kind, decimal_text=_plain_decimal)
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain_decimal(number: Decimal) -> str:
    return format(_EXACT.normalize(number), "f") if number else "0"
