"""Scrutinise a study: evaluate its best trials again and write down what luck explains.

The result is a function of the stored trials, the candles, the seed, and the numbers of trials ever
made on the candles and of looks at their holdout. Everything is written in one transaction
that replaces what was there, so that an interrupted assessment leaves the old one and a repeated
one changes nothing. Trials made later are charged for when it is read:
``optimizer.domain.luck.standing``.

Source: optimizer issue, "Luck control"; docs/adr/0003-luck.md.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from django.db import transaction
from django.db.models import F

from optimizer.domain.evaluator.evaluator import Evaluator
from optimizer.domain.evaluator.stretch import StretchTerms
from optimizer.domain.features.market import Span
from optimizer.domain.luck.out_of_sample import Candidate, FoldRun, Holdout, fold_run
from optimizer.domain.luck.overfitting import Overfitting
from optimizer.domain.luck.scrutiny import Scrutiny
from optimizer.domain.luck.sharpe import luck_hurdle
from optimizer.domain.luck.verdict import Judgement, LuckVerdict
from optimizer.domain.luck.walk_forward import fold_score, fold_spans
from optimizer.domain.metrics import FillModel
from optimizer.domain.periods import window_parse, window_start
from optimizer.domain.reporting import ReportFold, ReportStudy
from optimizer.domain.search.samplers import generator
from optimizer.domain.study.data import StudyData, embargo_bars
from optimizer.domain.study.records import params_dump
from optimizer.domain.study.stretches import EMBARGO_DAYS
from optimizer.models import SearchLedger, Study, TrialLuck
from optimizer.selectors.keys import trial_key
from optimizer.services.luck.choice import numbers_unchosen, places_examined
from optimizer.services.reports.reading import TrialColumns, study_read
from trading.base.domain.errors import BadInputError
from trading.base.ports.clock import Clock

_STREAM: Final = 10**9 + 7  # keeps these random numbers apart from every sampler's


def luck_assess(
    *,
    study_id: int,
    data: StudyData,
    clock: Clock,
    between: Callable[[], None] = lambda: None,
    trials: TrialColumns | None = None,
) -> dict[str, Any]:
    """Store what scrutiny makes of a study's best trials; return what it says of the search.

    Args:
        study_id: of the study; its trials stay as they are.
        data: the candles and costs it was made on, holdout included.
        clock: for the time written beside the verdicts.
        between: called between two verdicts; what it raises ends the assessment, which has then
            written nothing.
        trials: all of the study, where they were read already.

    Raises:
        BadInputError: there is no such study, or the candles are not those it was made on.
    """
    study = Study.objects.filter(pk=study_id).first()
    if study is None:
        raise BadInputError(f"study was {study_id}; there is no such study")
    if data.data_digest() != study.data_digest:
        raise BadInputError(
            f"the candles have digest {data.data_digest()[:12]}; study {study_id} was made on "
            f"{study.data_digest[:12]}"
        )
    report = study_read(study=study, data=data, market="", quote="", trials=trials)
    places = places_examined(report)
    if not places:
        return _store(study, clock, [], {"walk_forward": []}, is_look=False)
    between()
    assessment = _Assessment(study, report, data, between)
    found = assessment.overfitting()
    judgements = assessment.judgements(places, found)
    search = assessment.search_figures(found)
    rows = [(int(report.number[place]), judgement) for place, judgement in judgements]
    return _store(study, clock, rows, search, is_look=assessment.has_holdout)


class _Assessment:
    """One study with everything needed to run its trials again."""

    def __init__(
        self, study: Study, report: ReportStudy, data: StudyData, between: Callable[[], None]
    ) -> None:
        share = float(study.settings.get("holdout_share", 0.0))
        times, stop = data.bars.open_time, data.search_stop(share)
        self._study, self._report, self._between = study, report, between
        self._embargo_days = float(study.settings.get("embargo_days", EMBARGO_DAYS))
        begin = window_start(times[:stop], window_parse(report.ranking_window))
        self._terms = StretchTerms(
            float(study.trade_size),
            FillModel(study.fill),
            int(study.settings.get("warm_up_bars", 0)),
        )
        self._n_searched = report.facts.n_searched
        searched = Evaluator(data.bars.slice(0, stop), step_ms=data.step_ms, costs=data.costs)
        self._searched = searched
        self.has_holdout = stop < len(times)
        self._scrutiny = Scrutiny(
            searched,
            span=Span(begin, stop),
            terms=self._terms,
            objective=report.facts.objectives[0],
            n_searched=self._n_searched,
        )
        behind = stop + embargo_bars(self._embargo_days, data.step_ms)
        self._holdout = Holdout(
            Evaluator(data.bars, step_ms=data.step_ms, costs=data.costs),
            Span(min(behind, len(times)), len(times)),
            begin,
            self._terms,
            self._scrutiny.periods,
            n_looks=_looks(study),
        )
        numbers = numbers_unchosen(study, self._rng(0))
        place_of = {int(number): place for place, number in enumerate(report.number)}
        self._unchosen = [self._candidate(place_of[number]) for number in numbers]

    def _rng(self, *path: int) -> np.random.Generator:
        return generator(self._study.seed, _STREAM, *path)

    def _candidate(self, place: int) -> Candidate:
        report = self._report
        params: Mapping[str, float] = json.loads(report.params[place])
        return Candidate(int(report.number[place]), report.strategy[place], params)

    def overfitting(self) -> Overfitting | None:
        """Return how much choosing the best of this search overfits."""
        return self._scrutiny.overfitting(self._unchosen)

    def judgements(
        self, places: Sequence[int], search: Overfitting | None
    ) -> list[tuple[int, Judgement]]:
        """Return places with the judgements on their trials."""
        found = []
        for place in places:
            self._between()
            candidate = self._candidate(place)
            # the only place where the holdout is looked at
            holdout = self._holdout.figures(candidate) if self.has_holdout else {}
            rng = self._rng(1, candidate.number)
            found.append((place, self._scrutiny.judgement(candidate, search, holdout, rng)))
        return found

    def search_figures(self, found: Overfitting | None) -> dict[str, Any]:
        """Return what is true of the whole search, as plain JSON values."""
        variance, span = self._scrutiny.variance, self._holdout.span
        return {
            "n_searched": self._n_searched,
            "sharpe_hurdle": luck_hurdle(variance, self._n_searched),
            "sharpe_variance": variance,  # yearly; gives the hurdle of any number of trials
            "pbo": found.pbo if found else None,
            "pbo_loss_share": found.loss_share if found else None,
            "pbo_trials": found.n_trials if found else 0,
            "holdout_bars": span.stop - span.start if self.has_holdout else 0,
            "embargo_days": self._embargo_days,
            **self._walk_forward(),
        }

    def _walk_forward(self) -> dict[str, Any]:
        times = self._searched.bars.open_time
        steps = []
        for spans in fold_spans(times, self._embargo_days) if self._unchosen else ():
            self._between()
            steps.append(fold_run(self._searched, self._unchosen, spans, self._terms))
        if not steps:
            return {"walk_forward": [], "walk_forward_score": None}
        tests, holds = [s.test.metrics for s in steps], [s.test_hold.metrics for s in steps]
        score = fold_score(
            [metrics.total_return_pct for metrics in tests],
            [metrics.buy_hold_return_pct for metrics in holds],
            [metrics.total_cost_pct for metrics in tests],
        )
        folds = [asdict(_fold(step, times.tolist(), self._searched.step_ms)) for step in steps]
        return {"walk_forward": folds, "walk_forward_score": asdict(score)}


def _fold(step: FoldRun, times: Sequence[int], step_ms: int) -> ReportFold:
    train, test = step.spans
    return ReportFold(
        strategy=step.candidate.strategy,
        number=step.candidate.number,
        train_from=times[train.start],
        train_to=times[train.stop - 1] + step_ms,
        test_from=times[test.start],
        test_to=times[test.stop - 1] + step_ms,
        train_return_pct=step.train.metrics.total_return_pct,
        test_return_pct=step.test.metrics.total_return_pct,
        test_hold_pct=step.test_hold.metrics.buy_hold_return_pct,
        params=params_dump(step.candidate.params),
    )


def _store(
    study: Study,
    clock: Clock,
    judgements: Sequence[tuple[int, Judgement]],
    search: dict[str, Any],
    *,
    is_look: bool,
) -> dict[str, Any]:
    now, counts = clock.now(), Counter(judgement.verdict for _, judgement in judgements)
    told = {"examined": len(judgements), **{name.value: counts[name] for name in LuckVerdict}}
    with transaction.atomic():
        TrialLuck.objects.filter(trial__study=study).delete()
        TrialLuck.objects.bulk_create(
            TrialLuck(
                trial_id=trial_key(study.pk, number),
                verdict=judgement.verdict,
                reasons=[finding.sentence for finding in judgement.findings],
                codes=[finding.reason.value for finding in judgement.findings],
                figures=asdict(judgement.figures),
                ledger_trials=search["n_searched"],
                created_at=now,
            )
            for number, judgement in judgements
        )
        look = _looks(study) if is_look else 0
        if is_look and not _seen(study):
            ledgers = SearchLedger.objects.filter(data_digest=study.data_digest)
            ledgers.update(n_holdout_looks=F("n_holdout_looks") + 1)
        luck = {**search, **told, "n_done": study.n_done, "holdout_look": look}
        Study.objects.filter(pk=study.pk).update(luck=luck)
    return luck


def _seen(study: Study) -> int:
    """Return the how manieth look at the holdout this search has had already, 0 for none."""
    is_same = study.luck.get("n_done") == study.n_done
    return int(study.luck.get("holdout_look") or 0) if is_same else 0


def _looks(study: Study) -> int:
    """Return the how manieth look at the holdout of these candles this is."""
    ledger = SearchLedger.objects.filter(data_digest=study.data_digest).first()
    return _seen(study) or (ledger.n_holdout_looks if ledger else 0) + 1
