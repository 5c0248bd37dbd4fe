"""The registry: every strategy the desk and the optimizer know, by name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from trading.base.domain.names import unknown_name
from trading.signals.domain.strategies.base import Strategy
from trading.signals.domain.strategies.systems import SYSTEMS
from trading.signals.domain.strategies.triggers import TRIGGERS

STRATEGIES: Final[Mapping[str, Strategy]] = MappingProxyType(
    {strategy.name: strategy for strategy in (*TRIGGERS, *SYSTEMS)}
)


def strategy_get(name: str) -> Strategy:
    """Return the strategy called ``name``.

    Raises:
        BadInputError: there is none; the message suggests the nearest name.
    """
    strategy = STRATEGIES.get(name)
    if strategy is not None:
        return strategy
    raise unknown_name("strategy", name, STRATEGIES)
