"""Write a session's memory to bytes and read it back, bit for bit: a cache that may go at any time.

MessagePack of plain values: arrays as dtype, shape and bytes, compressed and checksummed. Books are
not in it (they are rows), nor what never changes (strategies, instruments, the plan). Who cannot
read it makes the memory from bars again.
"""

from __future__ import annotations

import zlib
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from trading.base.domain.errors import InvariantError
from trading.desk.domain.decision.state import DeskState, PairState
from trading.desk.services.sessions.code_version import code_version

FORMAT: Final = 6
_PAIR_SCALARS: Final = (
    "n_bars", "bars_since_gap", "data_hash", "day", "last_close", "trusted_close", "last_open_time",
)  # fmt: skip


def memory_layout(state: DeskState) -> str:
    """Return 16 hex digits that name who can read a snapshot: code, features and format."""
    parts = [
        (name, pair.ring.capacity, pair.bank.features, [len(s.kernel_state) for s in pair.slots])
        for name, pair in state.pairs.items()
    ]
    text = repr((FORMAT, code_version(), parts))
    return blake2b(text.encode(), digest_size=8).hexdigest()


class Learnt(NamedTuple):
    """What a session's forecaster remembers of the bars up to number ``through_seq``."""

    through_seq: int
    memory: bytes


def snapshot_pack(state: DeskState, learnt: Learnt | None = None) -> tuple[bytes, str]:
    """Return the bytes of the memory and their checksum (32 hex digits)."""
    tree = {
        "learnt": learnt,
        "bots": [bot.kernel_state for bot in state.bots],
        "pairs": {name: _pair_tree(pair) for name, pair in state.pairs.items()},
    }
    data = zlib.compress(msgspec.msgpack.encode(tree, enc_hook=_encode_array), 1)
    return data, blake2b(data, digest_size=16).hexdigest()


def snapshot_load(state: DeskState, data: bytes, checksum: str) -> Learnt | None:
    """Give a state the memory it had when the snapshot was taken; return the forecaster's.

    Raises:
        InvariantError: the bytes do not match the checksum, or are of another layout; the state is
            of no use then.
    """
    if blake2b(data, digest_size=16).hexdigest() != checksum:
        raise InvariantError("it does not match its checksum")
    try:
        tree = msgspec.msgpack.decode(zlib.decompress(data))
        _load(state, tree)
        return None if tree["learnt"] is None else Learnt(*tree["learnt"])
    except (LookupError, TypeError, ValueError, zlib.error, msgspec.MsgspecError) as error:
        raise InvariantError(f"it cannot be read: {type(error).__name__}: {error}") from error


def _load(state: DeskState, tree: dict[str, Any]) -> None:
    for bot, saved in zip(state.bots, tree["bots"], strict=True):
        bot.kernel_state[:] = _array(saved)
    for name, pair in state.pairs.items():
        saved = tree["pairs"][name]
        for scalar in _PAIR_SCALARS:
            setattr(pair, scalar, saved[scalar])
        pair.ring.restore(_arrays(saved["ring"]))
        pair.bank.restore(_arrays(saved["bank"]))


def _pair_tree(pair: PairState) -> dict[str, Any]:
    tree = {name: getattr(pair, name) for name in _PAIR_SCALARS}
    return tree | {"ring": pair.ring.state(), "bank": pair.bank.state()}


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
