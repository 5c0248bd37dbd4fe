"""Names of orders and trades: equal facts have equal names, and no outcome depends on one."""

from __future__ import annotations

from base64 import b32encode
from hashlib import blake2b
from typing import Final

from trading.desk.domain.execution.orders import OrderPurpose

_ID_BYTES: Final = 20  # 32 characters of base32; with the prefix 33 of the 36 venues allow
_ID_PREFIX: Final = "g"


def client_order_id(
    session: str, bot_index: int, seq: int, purpose: OrderPurpose, child: int = 0
) -> str:
    """Return the id under which the order is sent, 33 lower-case letters and digits.

    The same session, bot, bar, purpose and child always give the same id, so that an order sent
    again after a crash is recognised by the venue instead of being filled twice.
    """
    text = "\x1f".join((session, str(bot_index), str(seq), purpose.value, str(child)))
    return _ID_PREFIX + short_hash(text, n_bytes=_ID_BYTES)


def short_hash(text: str, *, n_bytes: int) -> str:
    """Return ``n_bytes`` (a multiple of 5) of BLAKE2b over ``text`` as lower-case base32."""
    return b32encode(blake2b(text.encode(), digest_size=n_bytes).digest()).decode().lower()
