"""What is counted appears under its declared name, help and labels."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY, generate_latest

from trading.base.adapters.prometheus import PrometheusMeter
from trading.base.domain.metrics import LOGINS_REFUSED, METRICS, NEWS_DROPPED
from trading.base.ports.meter import Meter

METER: Meter = PrometheusMeter()


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_every_declared_metric_is_shown_from_the_start() -> None:
    text = generate_latest().decode()
    for metric in METRICS:
        assert f"# HELP {metric.name} {metric.help}" in text
        assert f"# TYPE {metric.name} {metric.kind}" in text


def test_counting_adds_up_by_label() -> None:
    before = value(NEWS_DROPPED.name, reason="test"), value(LOGINS_REFUSED.name)
    METER.count(NEWS_DROPPED, reason="test")
    METER.count(NEWS_DROPPED, 2.0, reason="test")
    METER.count(LOGINS_REFUSED)
    assert value(NEWS_DROPPED.name, reason="test") == before[0] + 3
    assert value(LOGINS_REFUSED.name) == before[1] + 1


def test_a_label_that_is_not_declared_is_refused() -> None:
    with pytest.raises(ValueError, match="label"):
        METER.count(NEWS_DROPPED, cause="x")
