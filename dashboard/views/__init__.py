"""Pages of the desk; each calls selectors or one service and renders."""

from dashboard.views.control import bot_control, control
from dashboard.views.details import advisories, bar_decisions, decision_detail, order_detail
from dashboard.views.overview import equity, overview, panels
from dashboard.views.studies import studies, studies_panels
from dashboard.views.study import study, study_panels, study_pictures
from dashboard.views.study_files import study_file, study_report
from dashboard.views.study_orders import study_order
from dashboard.views.trials import trial, trial_install

__all__ = [
    "advisories",
    "bar_decisions",
    "bot_control",
    "control",
    "decision_detail",
    "equity",
    "order_detail",
    "overview",
    "panels",
    "studies",
    "studies_panels",
    "study",
    "study_file",
    "study_order",
    "study_panels",
    "study_pictures",
    "study_report",
    "trial",
    "trial_install",
]
