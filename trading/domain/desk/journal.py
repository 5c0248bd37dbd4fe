"""Pack one decision into the bytes the journal keeps, and read them back.

Record, little endian: version u8, outcome u8, side i8 (+1 buy, -1 sell, 0 none), number of gates
u8, epoch u16 (which policy, trading state and code were in force: the session's inputs number
them), conviction f32 (NaN without a signal), data hash 8 bytes (chain over every bar of the pair
so far), input hash 8 bytes (data hash, the bot's account and the epoch). Then per gate: id and
verdict in one byte (``id << 1 | passed``), observed f64, limit f64. A quiet bar takes 60 bytes.

The digest of a run is a chain: each step hashes the digest before it, the stream sequence number
and the step's records, so two runs with one digest made the same decisions in the same order.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, NamedTuple

from trading.domain.desk.gates import GateResult
from trading.domain.desk.reasons import Gate, Outcome, Verdict
from trading.domain.errors import InvariantError
from trading.domain.market.bars import Bar

VERSION: Final = 1
HASH_BYTES: Final = 8
GENESIS: Final = bytes(16)
_HEAD: Final = struct.Struct("<BBbBHf8s8s")
_GATE: Final = struct.Struct("<Bdd")
_QUIET: Final = struct.Struct("<BBbBHf8s8sBddBdd")
_BAR: Final = struct.Struct("<8sqdddddB")
_STEP: Final = struct.Struct("<16sq")
_WARM_ID: Final = Gate.WARM << 1 | 1
_TRIGGER_ID: Final = Gate.TRIGGER << 1


@dataclass(frozen=True, slots=True)
class GateReading:
    """One gate as the journal remembers it."""

    gate: Gate
    observed: float
    limit: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One decision read back from its bytes."""

    outcome: Outcome
    side: int
    epoch: int
    conviction: float
    data_hash: bytes
    input_hash: bytes
    gates: tuple[GateReading, ...]


class Reading(NamedTuple):
    """What one bot made of one bar, about to be packed.

    ``side`` is +1, -1 or 0, ``conviction`` NaN without a buy signal, ``hashed`` the input hash.
    """

    outcome: Outcome
    gates: Sequence[GateResult]
    side: int
    conviction: float
    hashed: bytes


def pack_record(reading: Reading, *, epoch: int, data_hash: bytes) -> bytes:
    """Return the bytes of one decision with all its gates."""
    outcome, gates, side, conviction, hashed = reading
    head = _HEAD.pack(VERSION, outcome, side, len(gates), epoch, conviction, data_hash, hashed)
    pack = _GATE.pack
    body = [pack(gate << 1 | passed, observed, limit) for gate, observed, limit, passed, _ in gates]
    return head + b"".join(body)


def pack_quiet(
    outcome: int, n_bars: float, min_bars: float, epoch: int, data_hash: bytes, input_hash: bytes
) -> bytes:
    """Return the bytes of a bar on which a warm strategy saw nothing.

    Same layout as ``pack_record`` with two gates, warm (passed) and trigger (failed: strength 0
    against any above 0); one call because nearly every bar of every bot ends here.
    """
    return _QUIET.pack(
        VERSION, outcome, 0, 2, epoch, math.nan, data_hash, input_hash,
        _WARM_ID, n_bars, min_bars, _TRIGGER_ID, 0.0, 0.0,
    )  # fmt: skip


def unpack_record(data: bytes) -> DecisionRecord:
    """Return the decision behind the bytes.

    Raises:
        InvariantError: unknown version or a length that does not fit the number of gates.
    """
    if len(data) < _HEAD.size or data[0] != VERSION:
        raise InvariantError(f"decision record was not version {VERSION}: {data[:4].hex()}")
    _, outcome, side, n_gates, epoch, conviction, data_hash, input_hash = _HEAD.unpack_from(data)
    if len(data) != _HEAD.size + n_gates * _GATE.size:
        raise InvariantError(f"decision record of {n_gates} gates was {len(data)} bytes long")
    gates = tuple(
        GateReading(Gate(packed >> 1), observed, limit, Verdict(packed & 1))
        for packed, observed, limit in _GATE.iter_unpack(data[_HEAD.size :])
    )
    return DecisionRecord(Outcome(outcome), side, epoch, conviction, data_hash, input_hash, gates)


def chain_bar(before: bytes, bar: Bar) -> bytes:
    """Return the data hash of a pair after one more bar; ``before`` is 8 bytes."""
    packed = _BAR.pack(
        before, bar.open_time, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.flags
    )
    return blake2b(packed, digest_size=HASH_BYTES).digest()


def input_hash(data_hash: bytes, account: bytes) -> bytes:
    """Return the fingerprint of everything one decision looked at; ``account`` holds the epoch.

    Both parts are hashes already, so their exclusive or is as good a fingerprint as hashing again
    and costs a tenth, which counts on the path every bar of every bot takes.
    """
    mixed = int.from_bytes(data_hash, "little") ^ int.from_bytes(account, "little")
    return mixed.to_bytes(HASH_BYTES, "little")


def chain_digest(before: bytes, seq: int, records: Iterable[bytes]) -> bytes:
    """Return the run digest (16 bytes) after one more step."""
    return blake2b(_STEP.pack(before, seq) + b"".join(records), digest_size=16).digest()
