"""Another version of the code, for a process of its own: call ``install`` in a forked child only.

A kernel decides otherwise, keeps one number more and reads one feature more; snapshots have another
format; the version says so.
"""

from __future__ import annotations

from dataclasses import replace

from trading.desk.services.journal import verify
from trading.desk.services.sessions import blueprint, engine, snapshots
from trading.market.domain.bars import FloatArray
from trading.signals.domain import strategies
from trading.signals.domain.strategies.base import (
    NONE,
    Feature,
    FeatureKind,
    Params,
    Strategy,
)

VERSION = "another version"


def install() -> None:
    """Make this process one that runs the other version."""
    strategies.STRATEGIES = {name: changed(one) for name, one in strategies.STRATEGIES.items()}  # type: ignore[misc]
    snapshots.FORMAT += 1  # type: ignore[misc]
    for module in (blueprint, engine, snapshots, verify):
        module.code_version = lambda: VERSION  # type: ignore[attr-defined]


def changed(strategy: Strategy) -> Strategy:
    """Return the strategy as another version has it: silent on every fifth bar it is asked on."""

    def decide(
        bar: FloatArray, view: FloatArray, params: FloatArray, state: FloatArray, out: FloatArray
    ) -> int:
        state[-1] += 1
        action = int(strategy.decide(bar, view[:-1], params, state[:-1], out))
        return NONE if state[-1] % 5 == 0 else action

    def features(params: Params, step_ms: int) -> tuple[Feature, ...]:
        return (*strategy.features(params, step_ms), Feature(FeatureKind.SMA, 9))

    size = max(1, strategy.state_size)
    return replace(strategy, decide=decide, features=features, state_size=size + 1)
