"""The money a step moved as text: what the digest of a run chains beside its records."""

from __future__ import annotations

from decimal import Decimal

from trading.base.domain.money import canonical
from trading.desk.domain.decision.output import StepOutput


def money_lines(out: StepOutput) -> list[str]:
    """Return a line per fill, round trip and savings decision: amounts as text, no ids."""
    lines = [
        _line(
            *("fill", f.order.side, f.order.purpose, f.report.is_maker, f.report.event_time),
            *(f.report.quantity, f.report.price, f.report.fee, f.report.slippage),
            f.report.gas_cost,
        )
        for f in out.fills
    ]
    for trip in out.round_trips:
        r = trip.result
        lines.append(
            _line(
                *("trip", trip.exit_reason.name, r.entry_time, r.exit_time, r.quantity),
                *(r.entry_price, r.exit_price, r.gross_pnl, r.fees, r.realised_pnl),
            )
        )
        if trip.savings is not None:
            s = trip.savings
            lines.append(
                _line(
                    *("saving", s.skip_reason or "accepted", s.profit, s.candidate, s.reserved),
                    *(s.estimated_fees, s.required_min),
                )
            )
    return lines


def _line(*values: object) -> str:
    return "|".join(format(canonical(v), "f") if isinstance(v, Decimal) else str(v) for v in values)
