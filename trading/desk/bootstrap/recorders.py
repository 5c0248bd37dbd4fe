"""Who has a seat in the transaction of a session's step, in the order in which they write."""

from __future__ import annotations

from typing import Final

from trading.base.ports.recording import RecorderMaker
from trading.desk.services.sessions.rows.accounts import AccountRecorder
from trading.desk.services.sessions.rows.decisions import DecisionRecorder
from trading.desk.services.sessions.rows.equity import EquityRecorder
from trading.desk.services.sessions.rows.ledger import LedgerRecorder
from trading.desk.services.sessions.rows.orders import OrderRecorder
from trading.desk.services.sessions.rows.positions import PositionRecorder
from trading.desk.services.sessions.rows.savings import SavingsRecorder
from trading.desk.services.sessions.rows.trips import RoundTripRecorder

RECORDERS: Final[tuple[RecorderMaker, ...]] = (
    DecisionRecorder,
    PositionRecorder,
    OrderRecorder,  # its fills are of positions
    RoundTripRecorder,  # of positions
    SavingsRecorder,  # of round trips
    AccountRecorder,
    EquityRecorder,
    LedgerRecorder,
)
