"""What a report is made of: a study's results as columns, and a few runs drawn out in full.

A report never asks the database or the clock; it is a function of these values, so that the same
study always gives the same files.

Source: optimizer issue, "Reports".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from optimizer.domain.evaluator.trades import Trade
from optimizer.domain.luck.standing import StandingVerdict
from optimizer.domain.metrics import METRIC_NAMES
from optimizer.domain.study.stretches import EMBARGO_DAYS, Stretches
from trading.base.domain.errors import InvariantError
from trading.market.domain.bars import FloatArray, IntArray

_COLUMN: Final = {name: place for place, name in enumerate(METRIC_NAMES)}


@dataclass(frozen=True, slots=True)
class ReportSearch:
    """What scrutiny made of the search as a whole; None where it could not be told.

    Attributes:
        n_searched: trials ever made on the candles by now.
        sharpe_hurdle: yearly Sharpe ratio the best of so many skill-less trials would show.
        pbo: probability, 0 to 1, that the best of the search is no better than the median
            elsewhere.
        pbo_loss_share: share of choices that lost where they were not chosen.
        holdout_look: the how manieth search of these candles that was tried on the holdout.
        walk_forward_score: 0.6 median + 0.4 lower quartile - 5 CVaR10 - 0.1 costs of the steps'
            returns over buying and holding, percentage points.
        n_judged: trials ever made on the candles when the search was examined.
        hurdle_judged: the hurdle of so many.
    """

    n_searched: int | None = None
    sharpe_hurdle: float | None = None
    pbo: float | None = None
    pbo_loss_share: float | None = None
    holdout_look: int | None = None
    walk_forward_score: float | None = None
    n_judged: int | None = None
    hurdle_judged: float | None = None


@dataclass(frozen=True, slots=True)
class ReportFold:
    """One step of the walk-forward: the best trial of a stretch, run on the stretch after it.

    Attributes:
        strategy: of the trial chosen.
        number: the trial.
        train_from: ms UTC; ``train_to``, ``test_from`` and ``test_to`` likewise, ends exclusive.
        train_return_pct: where it was chosen.
        test_return_pct: where it was not.
        test_hold_pct: buying and holding over the same test stretch.
        params: JSON; empty where it is not recorded.
    """

    strategy: str
    number: int
    train_from: int
    train_to: int
    test_from: int
    test_to: int
    train_return_pct: float | None
    test_return_pct: float | None
    test_hold_pct: float | None
    params: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ReportCurve:
    """One run drawn out: equity beside buy-and-hold, and where it traded.

    Attributes:
        number: the trial.
        strategy: its strategy.
        window: label of the stretch it starts with.
        time: int64[n], open times, ms UTC.
        equity: float64[n], quote. close: float64[n], quote per base.
        trades: bar numbers count from the first of ``time``.
        holdout_from: first bar the search never saw, ms UTC; None where all was seen.
        n_alike: runs of the same strategy that trade nearly the same and were skipped for this one.
    """

    number: int
    strategy: str
    window: str
    time: IntArray
    equity: FloatArray
    close: FloatArray
    trades: tuple[Trade, ...]
    holdout_from: int | None = None
    n_alike: int = 0


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What was searched, on what, and how far it is; times as ISO-8601 text.

    Attributes:
        embargo_days: left out between what is chosen on and what is tested on.
        stretches: the days of the windows and of the holdout.
        warnings: what a reader has to know of costs, windows and trade size first, sentences.
    """

    study: int
    status: str
    market: str
    first_bar: str
    last_bar: str
    created_at: str
    updated_at: str
    strategies: tuple[str, ...]
    objectives: tuple[str, ...]
    windows: tuple[str, ...]
    sampler: str
    seed: int
    trade_size: float
    quote: str
    fill: str
    n_wanted: int
    n_searched: int
    data_digest: str
    cost_digest: str
    git_commit: str
    embargo_days: float = EMBARGO_DAYS
    stretches: Stretches = field(default_factory=Stretches)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ReportStudy:
    """The results of a study, a column each, trials in the order of their numbers.

    Attributes:
        facts: what was searched; ``facts.n_searched`` counts all trials ever made on the data.
        number: int64[n]. strategy, params (JSON), status: n texts.
        metrics: by window float64[n, m] in the order of ``METRIC_NAMES``; NaN where a trial was not
            evaluated on the window and where a ratio has no bound.
        scores: float64[n, k] in the order of ``facts.objectives``, last window, NaN likewise.
        luck: by trial number, for the trials that were scrutinised, on the ranking window.
        folds: the walk-forward, oldest first.
        search: what scrutiny made of the search.
    """

    facts: ReportFacts
    number: IntArray
    strategy: Sequence[str]
    params: Sequence[str]
    status: Sequence[str]
    metrics: Mapping[str, FloatArray]
    scores: FloatArray
    luck: Mapping[int, StandingVerdict] = field(default_factory=dict)
    folds: Sequence[ReportFold] = ()
    search: ReportSearch = field(default_factory=ReportSearch)
    # a report asks for the same few orders again and again
    _orders: dict[str, IntArray] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        n = self.number.shape[0]
        texts = {len(self.strategy), len(self.params), len(self.status)}
        wanted = {window: (n, len(METRIC_NAMES)) for window in self.facts.windows}
        found = {window: self.metrics[window].shape for window in self.metrics}
        if texts != {n} or found != wanted or self.scores.shape != (n, len(self.facts.objectives)):
            raise InvariantError(
                f"report columns disagree: {n} trials, texts {texts}, metrics {found}, "
                f"scores {self.scores.shape}"
            )

    @property
    def ranking_window(self) -> str:
        """Return the window scores come from."""
        return self.facts.windows[-1]

    def metric(self, window: str, name: str) -> FloatArray:
        """Return one metric of every trial on a window, float64[n], NaN where there is none."""
        column: FloatArray = self.metrics[window][:, _COLUMN[name]]
        return column

    def ranked(self, window: str, among: IntArray | None = None) -> IntArray:
        """Return the places of the trials evaluated on ``window``, highest return first.

        Args:
            window: label.
            among: int64[k], places to consider; all when None.

        Returns:
            int64[r]; equal returns stand in the order of ``among``, or else of their numbers.
        """
        gain = self.metric(window, "total_return_pct")
        if among is not None:
            return _falling(gain, among)
        if window not in self._orders:
            self._orders[window] = _falling(gain, np.arange(gain.shape[0]))
            self._orders[window].setflags(write=False)
        return self._orders[window]

    def top(self, objective: int, count: int) -> list[int]:
        """Return the places of the ``count`` highest scores of one objective, highest first."""
        scores = self.scores[:, objective]
        places = np.flatnonzero(np.isfinite(scores))
        if places.shape[0] > count:
            least = np.partition(scores[places], -count)[-count]
            places = places[scores[places] >= least]
        found: list[int] = _falling(scores, places)[:count].tolist()
        return found

    def best(self, objective: int) -> int | None:
        """Return the place of the highest score of one objective, None when nothing has one."""
        scores = self.scores[:, objective]
        places = np.flatnonzero(np.isfinite(scores))
        # the first of equals, as in ``top``
        return int(places[np.argmax(scores[places])]) if places.shape[0] else None


def _falling(values: FloatArray, places: IntArray) -> IntArray:
    """Return ``places`` by their values, highest first, equals as they stand; finite ones only."""
    places = places[np.isfinite(values[places])]
    order: IntArray = places[np.argsort(-values[places], kind="stable")].astype(np.int64)
    return order
