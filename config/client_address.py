"""Whose request this is, in a way the one who asks cannot choose.

The desk listens on the loopback interface only. Without a proxy the peer is who asks, and a header
that says otherwise is theirs to write. Behind one (production settings) the peer is the proxy,
which appends to ``X-Forwarded-For`` whom it heard from: the last entry is true, those before it are
whatever the client sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest

UNKNOWN: Final = "0.0.0.0"  # noqa: S104 - no address is bound; strangers without one share this
NAME_MAX: Final = 150
_SUBSCRIBER_BITS: Final = 64  # of an IPv6 address a single subscriber may use every suffix


def client_address(request: HttpRequest) -> str:
    """Return the address that wrong passwords count for; for IPv6 its network of 64 bits."""
    peer = request.META.get("REMOTE_ADDR", "")
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.IS_BEHIND_PROXY else ""
    return _counted(forwarded.rpartition(",")[2]) or _counted(peer) or UNKNOWN


def client_name(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """Return the name that wrong passwords count for, cut to what an account can have."""
    name = (credentials or {}).get("username") or request.POST.get("username", "")
    return str(name)[:NAME_MAX]


def _counted(text: str) -> str:
    try:
        address = ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return ""
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    if address.is_loopback:
        return str(address)
    return str(IPv6Network((address, _SUBSCRIBER_BITS), strict=False).network_address)
