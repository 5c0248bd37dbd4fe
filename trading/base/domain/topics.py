"""Name the topics news is published under, and the channel-layer group each one maps to.

A topic is written by whoever commits a fact and read by whoever shows it; both sides build the
name here, so that a typing error cannot silence a page. Group names are limited by the channel
layer to ASCII letters, digits, hyphen, underscore and full stop, under 100 characters.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

DESK: Final = "desk"
_NOT_ALLOWED: Final = re.compile(r"[^A-Za-z0-9_.-]")
_MAX_GROUP: Final = 99


def group_for(topic: str) -> str:
    """Return the channel-layer group of ``topic``.

    Characters outside the set become ``-``; a digest keeps topics apart that differ in them only.
    """
    group = _NOT_ALLOWED.sub("-", topic)
    if group == topic and len(group) <= _MAX_GROUP:
        return group
    digest = hashlib.blake2b(topic.encode(), digest_size=8).hexdigest()
    return f"{group[: _MAX_GROUP - 17]}-{digest}"
