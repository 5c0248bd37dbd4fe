"""Protect an open position: where its stop stands, when it moves up and when time or target end it.

The state is complete in itself and every change is a function of the state, the bar and the policy
in force, so that a run interrupted anywhere and restored from its rows continues bit for bit. A
stop only ever moves up. A price that is missing, zero, NaN or infinite cannot be built into a
state: "no value" is None, and what is switched on later is reckoned from the entry, never from 0.

Rules for a long position (mirrored ones are not needed: the desk holds long positions only):
the stop starts ``atr_multiple`` ATR below the entry; a gain of ``breakeven_pct`` lifts it to the
entry; from a gain of ``trail_activation_pct`` it follows the high water at the distance fixed when
the position was opened.

Source: platform specification 1.2 (contents of a stop state, ratchet rules, restart procedure R7).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from trading.base.domain.errors import InvariantError
from trading.base.domain.money import PERCENT, canonical, check_positive, exact
from trading.base.domain.reasons import ExitReason
from trading.desk.domain.policy import StopPolicy
from trading.market.domain.bars import to_decimal
from trading.market.domain.instruments import Instrument

SCHEMA_VERSION: Final = 1
_SWITCHED: Final = ("target", "breakeven_price", "hold_deadline")
# an ATR as wide as the price itself would put the stop at or below 0
_LEAST_SHARE_OF_ENTRY: Final = Decimal("0.05")


@dataclass(frozen=True, slots=True, kw_only=True)
class StopState:
    """Protection of one position; prices are quote per base, times ms UTC.

    Attributes:
        target: price that ends the position with a profit, None for none.
        high_water: highest price since the entry.
        water_mark_time: close time of the bar that set it, or the entry time.
        trail_distance: fixed when the position was opened.
        breakeven_price: where the stop goes once the gain is ``breakeven_pct``, None for never.
        hold_deadline: when the position is given up, None for never.
        revision: grows by one with every change.
    """

    initial_stop: Decimal
    current_stop: Decimal
    target: Decimal | None
    high_water: Decimal
    water_mark_time: int
    trail_distance: Decimal
    breakeven_price: Decimal | None
    trail_activation_price: Decimal
    hold_deadline: int | None
    is_breakeven_armed: bool = False
    is_trailing_armed: bool = False
    revision: int = 1
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        for name in _REQUIRED_PRICES + _OPTIONAL_PRICES:
            price = getattr(self, name)
            if price is None and name in _OPTIONAL_PRICES:
                continue
            if not isinstance(price, Decimal):
                raise InvariantError(f"{name} was {price!r}; expected a Decimal")
            check_positive(name, price)
        if self.schema_version != SCHEMA_VERSION:
            raise InvariantError(
                f"stop schema was {self.schema_version}; this code reads {SCHEMA_VERSION}"
            )
        if self.current_stop < self.initial_stop:
            raise InvariantError(
                f"stop {self.current_stop} is looser than it began ({self.initial_stop})"
            )


_REQUIRED_PRICES: Final = (
    "initial_stop",
    "current_stop",
    "high_water",
    "trail_distance",
    "trail_activation_price",
)
_OPTIONAL_PRICES: Final = ("target", "breakeven_price")


def open_stop(
    *,
    entry_price: Decimal,
    atr: float,
    entry_time: int,
    step_ms: int,
    policy: StopPolicy,
    instrument: Instrument,
) -> StopState:
    """Return the protection a new position starts with.

    Args:
        entry_price: average fill price, quote per base.
        atr: average true range at the decision, quote per base; when it is not a positive finite
            number the distance is the emergency one, because a position is never left without.
        entry_time: ms UTC.
        step_ms: length of a bar in ms.
        policy: distances and deadline, fixed now for the life of the position.
        instrument: whose tick prices keep to.

    Raises:
        InvariantError: the entry price is not a positive finite number.
    """
    check_positive("entry price", entry_price)
    with exact():
        width = _width(atr, entry_price)
        distance = (
            _emergency(entry_price, policy)
            if width is None
            else to_decimal(policy.atr_multiple) * width
        )
        deadline = _deadline(entry_time, step_ms, policy)
        return _built(entry_price, distance, width, (entry_time, deadline), policy, instrument)


def switched_on(  # noqa: PLR0913 - what a stop is opened with, and the stop
    stop: StopState,
    *,
    entry_price: Decimal,
    atr: float,
    entry_time: int,
    step_ms: int,
    policy: StopPolicy,
    instrument: Instrument,
) -> StopState:
    """Return the stop with what the policy has switched on since it was opened, else itself.

    Target, break-even and deadline that were off become what they would have been from the entry.
    What was on stays as it was fixed, and what is switched off stays too.
    """
    if not policy.enabled:
        return stop
    fresh = open_stop(
        entry_price=entry_price,
        atr=atr,
        entry_time=entry_time,
        step_ms=step_ms,
        policy=policy,
        instrument=instrument,
    )
    new = {
        name: getattr(fresh, name)
        for name in _SWITCHED
        if getattr(stop, name) is None and getattr(fresh, name) is not None
    }
    return replace(stop, revision=stop.revision + 1, **new) if new else stop


def ratchet(
    stop: StopState,
    *,
    high: float,
    close_time: int,
    instrument: Instrument,
    policy: StopPolicy,
) -> StopState:
    """Return the stop after one closed bar; the same object when nothing changed.

    Args:
        stop: before the bar.
        high: highest trusted price of the bar, quote per base.
        close_time: of the bar, ms UTC.
        instrument: whose tick the stop keeps to.
        policy: in force on this bar; switched-off protection moves no stop, it removes none.

    Raises:
        InvariantError: ``high`` is not a positive finite number.
    """
    if not (math.isfinite(high) and high > 0):
        raise InvariantError(f"bar high was {high}; expected a finite price above 0")
    if not policy.enabled:
        return stop
    top = to_decimal(high)
    is_higher = top > stop.high_water
    water = top if is_higher else stop.high_water
    with exact():
        armed = stop.is_breakeven_armed or _is_breakeven(stop, water, policy)
        trails = stop.is_trailing_armed or water >= stop.trail_activation_price
        price = _raised(stop, water, instrument, is_armed=armed, is_trailing=trails)
    before = stop.current_stop, stop.is_breakeven_armed, stop.is_trailing_armed
    if (price, armed, trails) == before and not is_higher:
        return stop
    return replace(
        stop,
        current_stop=price,
        high_water=water,
        water_mark_time=close_time if is_higher else stop.water_mark_time,
        is_breakeven_armed=armed,
        is_trailing_armed=trails,
        revision=stop.revision + 1,
    )


def exit_due(stop: StopState, *, high: float, close: float, close_time: int) -> ExitReason | None:
    """Return why the position should be sold at the next open, None to keep it.

    The stop itself is an order at the venue and not asked here. Target before time.

    Raises:
        InvariantError: a price is not a positive finite number.
    """
    best = max(high, close)
    if not (math.isfinite(high) and math.isfinite(close) and min(high, close) > 0):
        raise InvariantError(f"bar high was {high}, close {close}; expected finite prices above 0")
    if stop.target is not None and best >= float(stop.target):
        return ExitReason.TARGET
    if stop.hold_deadline is not None and close_time >= stop.hold_deadline:
        return ExitReason.TIME
    return None


def _raised(
    stop: StopState, water: Decimal, instrument: Instrument, *, is_armed: bool, is_trailing: bool
) -> Decimal:
    price = stop.current_stop
    if is_armed and stop.breakeven_price is not None:
        price = max(price, stop.breakeven_price)
    if is_trailing:
        trailed = instrument.round_price(water - stop.trail_distance, buying=False)
        price = max(price, canonical(trailed))
    return price


def _is_breakeven(stop: StopState, water: Decimal, policy: StopPolicy) -> bool:
    if stop.breakeven_price is None or policy.breakeven_pct <= 0:
        return False
    return water >= stop.breakeven_price * (1 + to_decimal(policy.breakeven_pct) / PERCENT)


def _width(atr: float, entry_price: Decimal) -> Decimal | None:
    if not (math.isfinite(atr) and atr > 0):
        return None
    return min(to_decimal(atr), entry_price)  # an outlier's wick can be a thousand prices tall


def _emergency(entry_price: Decimal, policy: StopPolicy) -> Decimal:
    return entry_price * to_decimal(policy.emergency_pct) / PERCENT


def _deadline(entry_time: int, step_ms: int, policy: StopPolicy) -> int | None:
    return entry_time + policy.max_hold_bars * step_ms if policy.max_hold_bars > 0 else None


def _built(
    entry_price: Decimal,
    distance: Decimal,
    width: Decimal | None,
    times: tuple[int, int | None],
    policy: StopPolicy,
    instrument: Instrument,
) -> StopState:
    entry = canonical(entry_price)
    level = max(entry - max(distance, instrument.tick), entry * _LEAST_SHARE_OF_ENTRY)
    # floored: the stop of a narrow range must not be rounded up into the entry itself
    first = canonical(instrument.round_price(level, buying=True))
    if first <= 0:
        first = canonical(level)
    trail = distance if width is None else to_decimal(policy.trail_atr_multiple) * width
    target = None
    if width is not None and policy.target_multiple > 0:
        away = entry + to_decimal(policy.target_multiple) * width
        target = canonical(instrument.round_price(away, buying=False))
    gain = to_decimal(policy.trail_activation_pct) / PERCENT
    return StopState(
        initial_stop=first,
        current_stop=first,
        target=target,
        high_water=entry,
        water_mark_time=times[0],
        trail_distance=canonical(max(trail, instrument.tick)),
        breakeven_price=entry if policy.breakeven_pct > 0 else None,
        trail_activation_price=canonical(entry * (1 + gain)),
        hold_deadline=times[1],
    )
