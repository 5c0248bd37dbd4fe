"""What the panel of the list of studies reads, and what makes it ask for itself anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dashboard.optimizer.progress import progress_payload
from dashboard.shell.look import Look
from dashboard.shell.panels import Panel, PanelSet
from optimizer.selectors.studies import study_list


def _studies(look: Look) -> Mapping[str, Any]:
    lines = study_list(look.desk.now)
    return {"studies": [(line, progress_payload(line.study, {})) for line in lines]}


PANELS: Final = PanelSet(
    route="optimizer/panels/",
    known={
        "studies": Panel(
            "dashboard/studies/panels/studies.html", _studies, ("studies", "poll", "order")
        ),
    },
)
