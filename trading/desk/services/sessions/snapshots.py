"""Write a session's state to bytes and read it back, bit for bit.

MessagePack of plain values: Decimals as text, arrays as dtype, shape and bytes, compressed and
checksummed. What never changes (strategies, instruments, the blueprint) is not in it: a snapshot
is read into a state freshly built from the session's start.
"""

from __future__ import annotations

import zlib
from dataclasses import fields
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Final

import msgspec
import numpy as np

from trading.base.domain.errors import InvariantError
from trading.base.domain.reasons import TradingState
from trading.desk.domain.decision.standing import Standing
from trading.desk.domain.decision.state import BotState, DeskState, PairState
from trading.desk.domain.execution.orders import Order
from trading.desk.domain.execution.positions import PositionState
from trading.desk.domain.execution.stops import StopState
from trading.desk.services.config.policies import policy_dump, policy_load
from trading.treasury.domain.equilibrium import EquilibriumState

FORMAT: Final = 4
_FIXED_BOT_FIELDS: Final = frozenset({"spec", "policy", "kernel_params", "min_bars"})
_PAIR_SCALARS: Final = (
    "n_bars", "bars_since_gap", "data_hash", "day", "last_close", "trusted_close", "last_open_time",
)  # fmt: skip
_DESK_SCALARS: Final = (
    "epoch", "seq", "time", "is_over", "digest", "n_decisions", "seats",
    "stale_through_seq", "stale_now_ms", "clock_skew_s", "clock_limit_s",
)  # fmt: skip
_BOT_TYPES: Final[dict[str, Any]] = {
    "cash": Decimal,
    "native_balance": Decimal,
    "reserved": Decimal,
    "realised_pnl": Decimal,
    "position": PositionState | None,
    "stop": StopState | None,
    "orders": dict[str, Order],
    "recent": dict[str, Order],
    "trading_state": TradingState,
    "standing": Standing | None,
}


def snapshot_pack(state: DeskState) -> tuple[bytes, str]:
    """Return the bytes of the state and their checksum (32 hex digits)."""
    tree = {
        "format": FORMAT,
        "desk": {name: getattr(state, name) for name in _DESK_SCALARS},
        "policy": policy_dump(state.policy),
        "equilibrium": state.equilibrium,
        "bots": [_bot_tree(bot) for bot in state.bots],
        "pairs": {name: _pair_tree(pair) for name, pair in state.pairs.items()},
    }
    data = zlib.compress(msgspec.msgpack.encode(tree, enc_hook=_encode_array), 1)
    return data, blake2b(data, digest_size=16).hexdigest()


def snapshot_load(state: DeskState, data: bytes, checksum: str) -> None:
    """Bring a freshly built state to where the snapshot was taken.

    Raises:
        InvariantError: the bytes do not match the checksum, or another format wrote them.
    """
    if blake2b(data, digest_size=16).hexdigest() != checksum:
        raise InvariantError("snapshot does not match its checksum")
    tree = msgspec.msgpack.decode(zlib.decompress(data))
    if tree["format"] != FORMAT or len(tree["bots"]) != len(state.bots):
        raise InvariantError(f"snapshot was format {tree['format']}; expected {FORMAT}")
    for name, value in tree["desk"].items():
        setattr(state, name, value)
    state.equilibrium = msgspec.convert(tree["equilibrium"], EquilibriumState)
    for bot, saved in zip(state.bots, tree["bots"], strict=True):
        _bot_load(bot, saved)
    for name, pair in state.pairs.items():
        _pair_load(pair, tree["pairs"][name])
    state.obey(policy_load(tree["policy"]))


def _bot_tree(bot: BotState) -> dict[str, Any]:
    names = (f.name for f in fields(bot) if f.name not in _FIXED_BOT_FIELDS)
    return {name: getattr(bot, name) for name in names}


def _bot_load(bot: BotState, saved: dict[str, Any]) -> None:
    for name, value in saved.items():
        if name == "kernel_state":
            bot.kernel_state[:] = _array(value)
        elif name in _BOT_TYPES:
            setattr(bot, name, msgspec.convert(value, _BOT_TYPES[name]))
        else:
            setattr(bot, name, value)


def _pair_tree(pair: PairState) -> dict[str, Any]:
    tree = {name: getattr(pair, name) for name in _PAIR_SCALARS}
    return tree | {"ring": pair.ring.state(), "bank": pair.bank.state()}


def _pair_load(pair: PairState, saved: dict[str, Any]) -> None:
    for name in _PAIR_SCALARS:
        setattr(pair, name, saved[name])
    pair.ring.restore(_arrays(saved["ring"]))
    pair.bank.restore(_arrays(saved["bank"]))


def _encode_array(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return {"nd": value.dtype.str, "shape": value.shape, "data": value.tobytes()}
    if isinstance(value, np.generic):
        return value.item()
    raise InvariantError(f"cannot put {type(value).__name__} into a snapshot")


def _array(value: dict[str, Any]) -> np.ndarray[Any, Any]:
    flat = np.frombuffer(value["data"], dtype=np.dtype(value["nd"]))
    return flat.reshape(value["shape"]).copy()


def _arrays(tree: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _array(value) if isinstance(value, dict) and "nd" in value else value
        for name, value in tree.items()
    }
