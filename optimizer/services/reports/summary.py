"""Say in one JSON file what a study found: the best by objective and window, and its luck."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import orjson

from optimizer.domain.importance import ParameterTable
from optimizer.domain.luck.standing import StandingVerdict
from optimizer.domain.reporting import ReportStudy
from optimizer.domain.study.stretches import Stretch
from optimizer.services.reports.tables import StudyTables, fold_table

TOP: Final = 10


def best_trials(study: ReportStudy) -> dict[str, Any]:
    """Return by objective the trial with the highest score, None where none has one."""
    return {name: _best(study, objective) for objective, name in enumerate(study.facts.objectives)}


def summary_json(tables: StudyTables, parameters: Sequence[ParameterTable]) -> bytes:
    """Return the summary as strict JSON: what has no value is null."""
    study = tables.study
    stretches = study.facts.stretches
    summary = {
        **{name: fact for name, fact in asdict(study.facts).items() if name != "stretches"},
        "trials": len(study.number),
        "trials_by_status": {
            status: list(study.status).count(status) for status in sorted(set(study.status))
        },
        "best": best_trials(study),
        "windows": {
            window: {
                **_times(stretches.window(window)),
                "trials": len(study.ranked(window)),
                "top": tables.window(window, TOP).records(),
            }
            for window in study.facts.windows
        },
        "holdout": _times(stretches.holdout) if stretches.holdout else None,
        "importance": {
            table.strategy: {name: _finite(share) for name, share in table.share.items()}
            for table in parameters
        },
        "search": asdict(study.search),
        "walk_forward": fold_table(study).records(),
    }
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_SORT_KEYS
    return orjson.dumps(summary, option=options)


def _best(study: ReportStudy, objective: int) -> dict[str, Any] | None:
    place = study.best(objective)
    if place is None:
        return None
    number = int(study.number[place])
    return {
        "trial": number,
        "strategy": study.strategy[place],
        "score": float(study.scores[place, objective]),
        "params": json.loads(study.params[place]),
        "luck": luck_facts(study.luck.get(number)),
    }


def luck_facts(luck: StandingVerdict | None) -> dict[str, Any] | None:
    """Return what scrutiny said, None for a trial that was not scrutinised."""
    if luck is None:
        return None
    verdict = {
        "verdict": luck.verdict,
        "reasons": list(luck.reasons),
        "reason_codes": list(luck.codes),
        "judged_at_trials": luck.n_judged,
        "charged_for_trials": luck.n_charged,
    }
    return verdict | asdict(luck.figures)


def _times(stretch: Stretch | None) -> dict[str, str | None]:
    return {**stretch.times} if stretch else {"from": None, "to": None}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
