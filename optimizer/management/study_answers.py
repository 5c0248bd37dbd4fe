"""How studies are answered and shown by ``optimize``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from optimizer.domain.luck.verdict import LuckVerdict
from optimizer.models import Study
from optimizer.selectors.costs import study_warnings
from optimizer.selectors.studies import StudyLine


def folder(study: Study) -> Path:
    """Return the run directory of a study, absolute."""
    return Path(settings.DATA_DIR) / study.run_dir


def study_answer(study: Study, best: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``run``, ``resume`` and ``report`` answer."""
    figures = study.figures
    return {
        "study": study.pk,
        "status": study.status,
        "run_dir": str(folder(study)),
        "trials": study.n_done,
        "trials_per_second": figures.get("trials_per_second"),
        "cpu_utilisation": figures.get("cpu_utilisation"),
        "workers": figures.get("workers"),
        "best": best,
        "warnings": list(study_warnings(study.source)),
        "figures": figures,
    }


def line_answer(line: StudyLine) -> dict[str, Any]:
    """Return what ``list`` answers for one study."""
    study = line.study
    return {
        "study": study.id,
        "state": study.state,
        "reason": study.reason,
        "created_at": study.created_at,
        "market": study.market,
        "sampler": study.sampler,
        "strategies": list(study.strategies),
        "windows": list(study.windows),
        "trials": study.n_done,
        "wanted": study.n_trials,
        "trials_per_second": study.per_second,
        "best_return_pct": line.best_return_pct,
        "luck": line.luck.verdict if line.luck else None,
        "luck_charged_for_trials": line.luck.n_charged if line.luck else None,
        "trials_on_data": study.n_searched,
        "run_dir": str(Path(settings.DATA_DIR) / study.run_dir),
    }


def list_line(row: Mapping[str, Any]) -> str:
    """Return the same for a person."""
    best = row["best_return_pct"]
    luck = "" if row["luck"] is None else f", {LuckVerdict(row['luck']).words}"
    shown = "" if best is None else f", best {best:+.2f} %{luck}"
    charged, made = row["luck_charged_for_trials"], row["trials_on_data"]
    if luck and charged < made:
        shown += f" at {charged:,} trials; {made:,} were made by now"
    return (
        f"{row['study']:>5}  {row['state']:<9}  {row['trials']:>7,} of {row['wanted']:,}  "
        f"{row['market']}, {row['sampler']}{shown}"
    )


def best_line(objective: str, best: Mapping[str, Any] | None) -> str:
    """Return the best trial of an objective for a person."""
    if best is None:
        return f"  {objective:22} no trial has a score"
    luck = best["luck"]
    mark = "" if luck is None else f", {LuckVerdict(luck['verdict']).words}"
    return (
        f"  {objective:22} {best['score']:>16,.4f}  trial {best['trial']} {best['strategy']}{mark}"
    )
