"""One study: its page, the panels one by one, and its pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.payloads.facts import facts_list
from dashboard.payloads.installed import installed_names
from dashboard.payloads.objectives import objective_meaning, same_formulas
from dashboard.payloads.progress import progress_payload
from dashboard.views.desk import OPERATE, Desk
from dashboard.views.fragments import Panel, panels_render
from optimizer import bootstrap
from optimizer.domain.study.stretches import walk_forward_sentence
from optimizer.selectors.points import RETURN
from optimizer.selectors.studies import StudyView, study_get
from optimizer.selectors.trials import RANKED, TrialView, best_trials, ranked_trials, trial_counts
from optimizer.selectors.walk_forward import fold_list, search_verdict
from trading.base.domain.errors import ConfigError
from trading.desk import bootstrap as desk

START: Final = "optimizer.add_study"
STEER: Final = "optimizer.change_study"
REPORT: Final = "report.html"


class StudyPage:
    """One consistent look at one study; every part is read at most once."""

    def __init__(self, request: HttpRequest, study_id: int) -> None:
        self.desk = Desk(request)
        study = study_get(study_id, self.desk.now)
        if study is None:
            raise Http404(f"There is no study {study_id}.")
        self.study: StudyView = study
        self.request = request

    @cached_property
    def progress(self) -> dict[str, Any]:
        """Return how far the study is, as the socket says it too."""
        return progress_payload(self.study, trial_counts(self.study.id))

    def base(self) -> dict[str, Any]:
        """Return what every panel of the page needs."""
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

    @cached_property
    def panels(self) -> dict[str, Panel]:
        """Return the panels by name, the strip of every page among them."""
        folder = "dashboard/optimizer/panels"
        strip = Panel("dashboard/panels/strip.html", partial(self.desk.panel, "strip"))
        own = {
            name: Panel(f"{folder}/{name}.html", partial(self._panel, read))
            for name, read in _PANELS.items()
        }
        return {"strip": strip, **own}

    def _panel(self, read: Callable[[StudyPage], Mapping[str, Any]]) -> dict[str, Any]:
        return {**self.base(), **read(self)}


def _ranked(page: StudyPage) -> Mapping[str, Any]:
    trials = ranked_trials(page.study)
    return {
        "trials": trials,
        "ranked_max": RANKED,
        "n_examined": sum(trial.luck is not None for trial in trials),
        "installed": page.installed(trials),
    }


def _best(page: StudyPage) -> Mapping[str, Any]:
    names = page.study.objectives
    lines = [(best, objective_meaning(best.objective)) for best in best_trials(page.study)]
    return {"best": lines, "same": same_formulas(names)}


def _files(page: StudyPage) -> Mapping[str, Any]:
    files = bootstrap.run_downloads().list(page.study.run_dir)
    return {
        "files": files,
        "report": next((file for file in files if file.name == REPORT), None),
    }


def _speed(page: StudyPage) -> Mapping[str, Any]:
    n_runs = len(page.study.manifest.get("runs", ()))
    return {"speed_facts": facts_list(page.study.figures), "n_runs": n_runs}


def _manifest(page: StudyPage) -> Mapping[str, Any]:
    # the figures of every run are in the file; the last ones have a panel of their own
    fixed = {name: value for name, value in page.study.manifest.items() if name != "runs"}
    return {"manifest_facts": facts_list(fixed)}


_PANELS: Final[dict[str, Callable[[StudyPage], Mapping[str, Any]]]] = {
    "head": lambda page: {"has_report": _files(page)["report"] is not None},
    "progress": lambda page: {"progress": page.progress},
    "best": _best,
    "ranked": _ranked,
    "folds": lambda page: {
        "folds": fold_list(page.study),
        "walk_forward": walk_forward_sentence(page.study.embargo_days),
    },
    "scrutiny": lambda page: {"verdict": search_verdict(page.study)},
    "speed": _speed,
    "manifest": _manifest,
    "files": _files,
}


@require_safe
def study(request: HttpRequest, study_id: int) -> HttpResponse:
    """Render the whole page with every panel filled, so that it reads without a script."""
    page = StudyPage(request, study_id)
    context: dict[str, Any] = {
        "page": "optimizer",
        "measures": [RETURN, *page.study.objectives],
        **page.desk.frame(),
    }
    for name in _PANELS:
        context |= page.panels[name].context()
    return render(request, "dashboard/optimizer/study.html", context)


@require_safe
def study_panels(request: HttpRequest, study_id: int) -> HttpResponse:
    """Render the named panels as out-of-band fragments."""
    return panels_render(request, StudyPage(request, study_id).panels)


@require_safe
def study_pictures(request: HttpRequest, study_id: int) -> JsonResponse:
    """Return the pictures that need every trial: parameters by strategy, and the walk-forward."""
    page = StudyPage(request, study_id)
    return JsonResponse(bootstrap.study_pictures(page.study.id))
