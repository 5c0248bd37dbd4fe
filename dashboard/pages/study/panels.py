"""What each panel of a study reads, and what makes it ask for itself anew.

The page's script tells ``batch`` when trials were stored, ``report`` now and then while they are,
and ``poll`` where it has no socket to hear of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dashboard.optimizer.facts import facts_list
from dashboard.optimizer.look import StudyLook
from dashboard.optimizer.objectives import objective_meaning, same_formulas
from dashboard.pages.study.files import REPORT
from dashboard.shell.panels import Panel, PanelSet
from optimizer import bootstrap
from optimizer.domain.study.stretches import walk_forward_sentence
from optimizer.selectors.trials import RANKED, best_trials, ranked_trials
from optimizer.selectors.walk_forward import fold_list, search_verdict

_FOLDER: Final = "dashboard/study/panels"


def _head(look: StudyLook) -> Mapping[str, Any]:
    return {"has_report": _files(look)["report"] is not None}


def _progress(look: StudyLook) -> Mapping[str, Any]:
    return {"progress": look.progress}


def _ranked(look: StudyLook) -> Mapping[str, Any]:
    trials = ranked_trials(look.study)
    return {
        "trials": trials,
        "ranked_max": RANKED,
        "n_examined": sum(trial.luck is not None for trial in trials),
        "installed": look.installed(trials),
    }


def _best(look: StudyLook) -> Mapping[str, Any]:
    names = look.study.objectives
    lines = [(best, objective_meaning(best.objective)) for best in best_trials(look.study)]
    return {"best": lines, "same": same_formulas(names)}


def _files(look: StudyLook) -> Mapping[str, Any]:
    files = bootstrap.run_downloads().list(look.study.run_dir)
    return {
        "files": files,
        "report": next((file for file in files if file.name == REPORT), None),
    }


def _speed(look: StudyLook) -> Mapping[str, Any]:
    n_runs = len(look.study.manifest.get("runs", ()))
    return {"speed_facts": facts_list(look.study.figures), "n_runs": n_runs}


def _manifest(look: StudyLook) -> Mapping[str, Any]:
    # the figures of every run are in the file; the last ones have a panel of their own
    fixed = {name: value for name, value in look.study.manifest.items() if name != "runs"}
    return {"manifest_facts": facts_list(fixed)}


def _folds(look: StudyLook) -> Mapping[str, Any]:
    return {
        "folds": fold_list(look.study),
        "walk_forward": walk_forward_sentence(look.study.embargo_days),
    }


def _scrutiny(look: StudyLook) -> Mapping[str, Any]:
    return {"verdict": search_verdict(look.study)}


PANELS: Final = PanelSet(
    route="optimizer/<row:study_id>/panels/",
    look=StudyLook,
    known={
        "head": Panel(f"{_FOLDER}/head.html", _head, ("report", "poll", "order")),
        "progress": Panel(f"{_FOLDER}/progress.html", _progress, ("batch", "poll", "order")),
        "best": Panel(f"{_FOLDER}/best.html", _best, ("batch", "poll")),
        "ranked": Panel(f"{_FOLDER}/ranked.html", _ranked, ("batch", "poll", "order")),
        "folds": Panel(f"{_FOLDER}/folds.html", _folds),
        "scrutiny": Panel(f"{_FOLDER}/scrutiny.html", _scrutiny, ("batch", "poll")),
        "speed": Panel(f"{_FOLDER}/speed.html", _speed, ("report",)),
        "manifest": Panel(f"{_FOLDER}/manifest.html", _manifest),
        "files": Panel(f"{_FOLDER}/files.html", _files, ("report",)),
    },
)
