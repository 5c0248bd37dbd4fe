"""One look at one study for one request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Final

from django.http import Http404, HttpRequest

from dashboard.optimizer.installed import installed_names
from dashboard.optimizer.progress import progress_payload
from dashboard.shell.desk import OPERATE
from dashboard.shell.look import Look
from optimizer.selectors.studies import StudyView, study_get
from optimizer.selectors.trials import TrialView, trial_counts
from trading.base.domain.errors import ConfigError
from trading.desk import bootstrap as desk

STEER: Final = "optimizer.change_study"


class StudyLook(Look):
    """One consistent look at one study; every part is read at most once."""

    def __init__(self, request: HttpRequest, study_id: int) -> None:
        super().__init__(request)
        study = study_get(study_id, self.desk.now)
        if study is None:
            raise Http404(f"There is no study {study_id}.")
        self.study: StudyView = study

    @cached_property
    def progress(self) -> dict[str, Any]:
        """Return how far the study is, as the socket says it too."""
        return progress_payload(self.study, trial_counts(self.study.id))

    def base(self) -> Mapping[str, Any]:
        """Return what every panel and detail of a study needs."""
        user = self.request.user
        return {
            "now": self.desk.now,
            "study": self.study,
            "progress": self.progress,
            "can_steer": user.has_perm(STEER),
            "steer_permission": STEER,
            "can_install": user.has_perm(OPERATE),
        }

    def installed(self, trials: Iterable[TrialView]) -> dict[int, str]:
        """Return the names of the bots that run these trials; none while settings are wrong."""
        try:
            bots = desk.desk_config().bots.installed
        except ConfigError:
            return {}
        return installed_names(self.study, trials, bots)
