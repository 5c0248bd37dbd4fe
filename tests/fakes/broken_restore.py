"""Makes a worker break when it gives messages back to a broker that went away.

Kombu does so by itself, but only where the broker stays away for a moment that nobody can time: it
asks a connection for its address that was closed already.
"""

from __future__ import annotations

from typing import Any

from kombu.transport.virtual.base import QoS

_restore = QoS.restore_unacked_once


def _break(self: QoS, *args: Any, **kwargs: Any) -> Any:
    if self._delivered:  # of the connection that takes messages, not of those that send them
        raise AttributeError("'NoneType' object has no attribute 'hostname'")
    return _restore(self, *args, **kwargs)


QoS.restore_unacked_once = _break
