"""Pack one decision into the bytes the journal keeps, and read them back.

Record, little endian: version u8, outcome u8, side i8 (+1 buy, -1 sell, 0 none), number of gates
u8, epoch u64 (which policy, trading state and code were in force: the number of the session's
newest fact that steers), conviction f32 (NaN without a signal), data hash u64 (chain over every bar
of the pair so far), input hash u64 (data hash, the bot's account and the epoch). Then per gate: id
and verdict in one byte (``id << 1 | passed``), observed f64, limit f64. A quiet bar takes 66 bytes.

The digest of a run is a chain: each step hashes the digest before it, its time, its records and
the money it moved (``money_lines``), so two runs with one digest made the same decisions and the
same money. No id, index, row number or name is in it, and bots of one step have no order there.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, NamedTuple

from trading.base.domain.errors import InvariantError
from trading.base.domain.gates import GateResult
from trading.base.domain.reasons import Gate, Outcome, Verdict
from trading.market.domain.bars import Bar

VERSION: Final = 2
HASH_BYTES: Final = 8
GENESIS: Final = bytes(16)
_HEAD: Final = struct.Struct("<BBbBQfQQ")
_HEAD_READ: Final = struct.Struct("<BBbBQf8s8s")
_GATE: Final = struct.Struct("<Bdd")
_QUIET: Final = struct.Struct("<BBbBQfQQBddBdd")
_HOLDING: Final = struct.Struct("<BBbBQfQQBddBddBddBdd")
_BAR: Final = struct.Struct("<QqdddddB")
_STEP: Final = struct.Struct("<16sq")
_SIDE_AT: Final = 2  # byte of the record
_WARM_ID: Final = Gate.WARM << 1 | 1
_QUALITY_ID: Final = Gate.BAR_QUALITY << 1 | 1
_GAP_ID: Final = Gate.GAP << 1 | 1
_TRIGGER_ID: Final = Gate.TRIGGER << 1
_NO_TRIGGER: Final = int(Outcome.NO_TRIGGER)
_HOLDING_ON: Final = int(Outcome.HOLDING)


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

    ``side`` is +1, -1 or 0, ``conviction`` NaN without a buy signal, ``hashed`` the input hash:
    the data hash, exclusive or, the account's. Both are hashes already, so that mixes them as well
    as hashing again would, and costs nothing on the path every bar of every bot takes.
    """

    outcome: Outcome
    gates: Sequence[GateResult]
    side: int
    conviction: float
    hashed: int


def pack_record(reading: Reading, *, epoch: int, data_hash: int) -> bytes:
    """Return the bytes of one decision with all its gates."""
    outcome, gates, side, conviction, hashed = reading
    head = _HEAD.pack(VERSION, outcome, side, len(gates), epoch, conviction, data_hash, hashed)
    pack = _GATE.pack
    body = [pack(gate << 1 | passed, observed, limit) for gate, observed, limit, passed, _ in gates]
    return head + b"".join(body)


def pack_quiet(n_bars: int, min_bars: int, epoch: int, data_hash: int, hashed: int) -> bytes:
    """Return the bytes of a bar on which a warm strategy saw nothing.

    Same layout as ``pack_record`` with two gates, warm (passed) and trigger (failed: strength 0
    against any above 0); one call because nearly every bar of every bot ends here.
    """
    return _QUIET.pack(
        VERSION, _NO_TRIGGER, 0, 2, epoch, math.nan, data_hash, hashed,
        _WARM_ID, n_bars, min_bars, _TRIGGER_ID, 0.0, 0.0,
    )  # fmt: skip


def pack_holding(  # noqa: PLR0913, PLR0917 - what the record holds, spelled out for speed
    n_bars: int, min_bars: int, n_gap: int, cooldown: int, epoch: int, data_hash: int, hashed: int
) -> bytes:
    """Return the bytes of a bar on which an open position was left as it is.

    Same layout as ``pack_record`` with the three gates on the data (passed) and trigger (failed).
    """
    return _HOLDING.pack(
        VERSION, _HOLDING_ON, 0, 4, epoch, math.nan, data_hash, hashed,
        _WARM_ID, n_bars, min_bars, _QUALITY_ID, 0.0, 0.0, _GAP_ID, n_gap, cooldown,
        _TRIGGER_ID, 0.0, 0.0,
    )  # fmt: skip


def unpack_record(data: bytes) -> DecisionRecord:
    """Return the decision behind the bytes.

    Raises:
        InvariantError: unknown version or a length that does not fit the number of gates.
    """
    if len(data) < _HEAD.size or data[0] != VERSION:
        raise InvariantError(f"decision record was not version {VERSION}: {data[:4].hex()}")
    head = _HEAD_READ.unpack_from(data)
    _, outcome, side, n_gates, epoch, conviction, data_hash, hashed = head
    if len(data) != _HEAD.size + n_gates * _GATE.size:
        raise InvariantError(f"decision record of {n_gates} gates was {len(data)} bytes long")
    gates = tuple(
        GateReading(Gate(packed >> 1), observed, limit, Verdict(packed & 1))
        for packed, observed, limit in _GATE.iter_unpack(data[_HEAD.size :])
    )
    return DecisionRecord(Outcome(outcome), side, epoch, conviction, data_hash, hashed, gates)


def has_signal(record: bytes) -> bool:
    """Return whether the bytes of a decision hold a signal to buy or to sell."""
    return record[_SIDE_AT] != 0


def hash_of(data: bytes) -> int:
    """Return 64 bits of BLAKE2b over ``data``."""
    return int.from_bytes(blake2b(data, digest_size=HASH_BYTES).digest(), "little")


def chain_bar(before: int, bar: Bar) -> int:
    """Return the data hash of a pair after one more bar; ``before`` is the one up to it."""
    return hash_of(_BAR.pack(before, *bar))


def chain_digest(
    before: bytes, bar_time: int, records: list[bytes], money: Sequence[str] = ()
) -> bytes:
    """Return the run digest (16 bytes) after one more step, in whatever order its bots stand.

    ``records`` is sorted in place: this runs on every bar.
    """
    records.sort()
    body = b"".join((_STEP.pack(before, bar_time), *records))
    if money:
        body += "\n".join(sorted(money)).encode()
    return blake2b(body, digest_size=16).digest()
