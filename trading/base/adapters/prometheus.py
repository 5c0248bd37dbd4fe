"""The metrics of the registry as Prometheus knows them; no other module makes any.

They are made at import, so that ``/metrics`` shows each from the start, and are one set a process.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge

from trading.base.domain.metrics import METRICS, Metric, MetricKind

_COUNTERS: Final = {
    m: Counter(m.name, m.help, m.labels) for m in METRICS if m.kind is MetricKind.COUNTER
}
_GAUGES: Final = {
    # of several processes the newest value counts
    m: Gauge(m.name, m.help, m.labels, multiprocess_mode="mostrecent")
    for m in METRICS
    if m.kind is MetricKind.GAUGE
}


class PrometheusMeter:
    """Fulfils ``trading.base.ports.meter.Meter``."""

    def count(self, metric: Metric, amount: float = 1.0, **labels: str) -> None:
        """Add to a counter."""
        counter = _COUNTERS[metric]
        (counter.labels(**labels) if labels else counter).inc(amount)

    def level(self, metric: Metric, value: float, **labels: str) -> None:
        """Set a gauge."""
        gauge = _GAUGES[metric]
        (gauge.labels(**labels) if labels else gauge).set(value)
