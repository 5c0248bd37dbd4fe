"""Pages of the desk; each calls selectors or one service and renders."""

from dashboard.views.control import control
from dashboard.views.details import bar_decisions, decision_detail, order_detail
from dashboard.views.overview import equity, overview, panels

__all__ = [
    "bar_decisions",
    "control",
    "decision_detail",
    "equity",
    "order_detail",
    "overview",
    "panels",
]
