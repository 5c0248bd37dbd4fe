"""The desk's triggers: two-sided, scale-free, once per excursion."""

from typing import Final

from trading.signals.domain.strategies.base import Strategy
from trading.signals.domain.strategies.triggers.breakout import BREAKOUT
from trading.signals.domain.strategies.triggers.momentum import MOMENTUM
from trading.signals.domain.strategies.triggers.price_move import PRICE_MOVE
from trading.signals.domain.strategies.triggers.reversal import REVERSAL
from trading.signals.domain.strategies.triggers.volume_spike import VOLUME_SPIKE

TRIGGERS: Final[tuple[Strategy, ...]] = (PRICE_MOVE, BREAKOUT, MOMENTUM, REVERSAL, VOLUME_SPIKE)
