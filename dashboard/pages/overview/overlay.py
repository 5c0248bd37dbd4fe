"""Write markers and stop lines the way the chart reads them: short keys, times in ms UTC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trading.desk.selectors.markers import Marker, StopLine

_ADDRESS = {"entry": "/orders/{}/", "exit": "/orders/{}/", "denied": "/decisions/{}/"}


def marker_payload(marker: Marker) -> dict[str, Any]:
    """Return one marker with the address its detail has."""
    return {
        "kind": marker.kind,
        "t": marker.time,
        "price": marker.price,
        "text": marker.text,
        "url": _ADDRESS[marker.kind].format(marker.address_id),
    }


def stop_payload(line: StopLine) -> dict[str, Any]:
    """Return one stop line as steps of time and price."""
    return {
        "id": line.position_id,
        "strategy": line.strategy,
        "open": line.is_open,
        "steps": [[t, price] for t, price in line.steps],
        "end": line.end_time,
    }


def overlay_payload(markers: Sequence[Marker], stops: Sequence[StopLine]) -> dict[str, Any]:
    """Return everything drawn over the candles."""
    return {
        "markers": [marker_payload(m) for m in markers],
        "stops": [stop_payload(s) for s in stops],
    }
