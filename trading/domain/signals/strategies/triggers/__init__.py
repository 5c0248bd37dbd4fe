"""The desk's triggers: two-sided, scale-free, once per excursion."""

from typing import Final

from trading.domain.signals.strategies.base import Strategy
from trading.domain.signals.strategies.triggers.breakout import BREAKOUT
from trading.domain.signals.strategies.triggers.momentum import MOMENTUM
from trading.domain.signals.strategies.triggers.price_move import PRICE_MOVE
from trading.domain.signals.strategies.triggers.reversal import REVERSAL
from trading.domain.signals.strategies.triggers.volume_spike import VOLUME_SPIKE

TRIGGERS: Final[tuple[Strategy, ...]] = (PRICE_MOVE, BREAKOUT, MOMENTUM, REVERSAL, VOLUME_SPIKE)
