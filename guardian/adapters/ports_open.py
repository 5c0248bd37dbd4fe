"""Find out whether a TCP port can be had before anything is started on it."""

from __future__ import annotations

import socket

from trading.domain.errors import BadInputError


def port_check(port: int) -> None:
    """Return when the port on 127.0.0.1 is free.

    Raises:
        BadInputError: it is out of range, taken, or not ours to take.
    """
    if not 1 <= port <= 65535:
        raise BadInputError(f"--port was {port}; expected 1 to 65535")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise BadInputError(
                f"--port was {port}, which cannot be used: {error.strerror}; choose another"
            ) from error
