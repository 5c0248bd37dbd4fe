"""The optimizer's systems: long-only, all in or all out, each with its own virtual position."""

from typing import Final

from trading.signals.domain.strategies.base import Strategy
from trading.signals.domain.strategies.systems.csma_range_revert import CSMA_RANGE_REVERT
from trading.signals.domain.strategies.systems.csma_revert import CSMA_REVERT
from trading.signals.domain.strategies.systems.csma_revert_pro1 import CSMA_REVERT_PRO1
from trading.signals.domain.strategies.systems.donchian_champion import (
    DONCHIAN_CHAMPION,
    DONCHIAN_CHAMPION_AGGRESSIVE,
)
from trading.signals.domain.strategies.systems.donchian_champion_dynamic import (
    DONCHIAN_CHAMPION_DYNAMIC,
)
from trading.signals.domain.strategies.systems.hybrid_v2 import HYBRID_V2
from trading.signals.domain.strategies.systems.multi_week_breakout import MULTI_WEEK_BREAKOUT
from trading.signals.domain.strategies.systems.multi_week_breakout_ultra import (
    MULTI_WEEK_BREAKOUT_ULTRA,
)
from trading.signals.domain.strategies.systems.passive_hold import PASSIVE_HOLD
from trading.signals.domain.strategies.systems.tight_trend_follow import TIGHT_TREND_FOLLOW
from trading.signals.domain.strategies.systems.trailing_hold import TRAILING_HOLD

SYSTEMS: Final[tuple[Strategy, ...]] = (
    PASSIVE_HOLD,
    TRAILING_HOLD,
    DONCHIAN_CHAMPION,
    DONCHIAN_CHAMPION_AGGRESSIVE,
    DONCHIAN_CHAMPION_DYNAMIC,
    TIGHT_TREND_FOLLOW,
    MULTI_WEEK_BREAKOUT,
    MULTI_WEEK_BREAKOUT_ULTRA,
    CSMA_REVERT,
    HYBRID_V2,
    CSMA_REVERT_PRO1,
    CSMA_RANGE_REVERT,
)
