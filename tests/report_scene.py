"""A study in memory, the same every time, for the tests of reports."""

from __future__ import annotations

import json

import numpy as np

from optimizer.domain.evaluator.trades import Trade
from optimizer.domain.luck.figures import LuckFigures
from optimizer.domain.luck.standing import StandingVerdict
from optimizer.domain.luck.verdict import verdict_of
from optimizer.domain.metrics import METRIC_NAMES
from optimizer.domain.reporting import (
    ReportCurve,
    ReportFacts,
    ReportFold,
    ReportSearch,
    ReportStudy,
)
from optimizer.domain.study.stretches import Stretch, Stretches

DAY_MS = 86_400_000
START_MS = 1_750_000_000_000 - 1_750_000_000_000 % DAY_MS
WINDOWS = ("30d", "90d", "1y")
OBJECTIVES = ("mar", "final_balance", "cps")
STRATEGIES = ("donchian_champion", "csma_revert")


def facts(n: int, **changes: object) -> ReportFacts:
    values: dict[str, object] = {
        "study": 7,
        "status": "finished",
        "market": "PDAI/DAI 5m",
        "first_bar": "2023-10-06T06:45:00Z",
        "last_bar": "2025-08-26T06:40:00Z",
        "created_at": "2026-11-21T04:00:00Z",
        "updated_at": "2026-11-21T04:05:00Z",
        "strategies": STRATEGIES,
        "objectives": OBJECTIVES,
        "windows": WINDOWS,
        "sampler": "cmaes",
        "seed": 3,
        "trade_size": 1000.0,
        "quote": "DAI",
        "fill": "next_open",
        "n_wanted": n,
        "n_searched": 12_345,
        "data_digest": "ab" * 32,
        "cost_digest": "cd" * 32,
        "git_commit": "0123456789abcdef",
        "embargo_days": 2.5,
        "stretches": Stretches(
            tuple(
                Stretch(label, START_MS - days * DAY_MS, START_MS)
                for label, days in zip(WINDOWS, (30, 90, 365), strict=True)
            ),
            Stretch("holdout", START_MS, START_MS + 90 * DAY_MS),
        ),
        **changes,
    }
    return ReportFacts(**values)  # type: ignore[arg-type]


def study(n: int = 240, seed: int = 5) -> ReportStudy:
    """Return ``n`` trials: every fifth pruned after the first window, the best ones examined."""
    rng = np.random.default_rng(seed)
    entry, trail = rng.uniform(4, 16, n), rng.uniform(0, 1, n)
    skill = -np.abs(entry - 11) + rng.normal(0, 1, n)
    metrics = {}
    for place, window in enumerate(WINDOWS):
        table = rng.uniform(0.1, 2.0, (n, len(METRIC_NAMES))).round(4)
        column = {name: i for i, name in enumerate(METRIC_NAMES)}
        table[:, column["total_return_pct"]] = (skill * 10 * (place + 1)).round(4)
        table[:, column["max_drawdown_pct"]] = -rng.uniform(5, 60, n).round(3)
        table[:, column["num_trades"]] = rng.integers(0, 40, n)
        table[:, column["final_balance"]] = 1000 + skill * 100 * (place + 1)
        table[::7, column["profit_factor"]] = np.nan
        if place:
            table[::5] = np.nan
        metrics[window] = table
    scores = np.column_stack((skill / 10, 1000 + skill * 300, 50 + skill * 3)).round(5)
    scores[::5] = np.nan
    best = np.argsort(-np.nan_to_num(scores[:, 0], nan=-np.inf))[:4].tolist()
    params = [
        json.dumps({"entry_days": round(float(e), 4), "trail": round(float(t), 4), "exit_days": 2})
        for e, t in zip(entry, trail, strict=True)
    ]
    return ReportStudy(
        facts=facts(n),
        number=np.arange(n, dtype=np.int64),
        strategy=[STRATEGIES[i % 2] for i in range(n)],
        params=params,
        status=["pruned" if i % 5 == 0 else "ok" for i in range(n)],
        metrics=metrics,
        scores=scores,
        luck={place: luck(k) for k, place in enumerate(best)},
        folds=folds(),
        search=ReportSearch(12_345, 3.41, 0.31, 0.2, 2, -12.5, 12_345, 3.41),
    )


def luck(k: int) -> StandingVerdict:
    if k == 1:
        return verdict((), figures(0.971, 12.5))
    reasons = (
        "The deflated Sharpe ratio is 0.412, below 0.95.",
        "It lost 8.20 % on the holdout.",
    )
    codes = ("deflated_sharpe", "holdout_loss")
    if k == 3:
        return verdict(reasons, figures(0.412, -8.2), codes)
    suffices = "Luck suffices: the best of 12 345 trials without skill looks as good."
    return verdict((suffices, *reasons), figures(0.412, -8.2), ("luck_suffices", *codes))


def verdict(
    reasons: tuple[str, ...], found: LuckFigures, codes: tuple[str, ...] = ()
) -> StandingVerdict:
    """Return a verdict judged and charged at the trials of the scene."""
    return StandingVerdict(verdict_of(codes), reasons, found, codes, 12_345, 12_345, 12_345)


def figures(deflated: float, holdout: float) -> LuckFigures:
    return LuckFigures(
        luck_probability=0.4 * (1 - deflated),
        deflated_sharpe=deflated,
        timing_sharpe=1.599,
        holdout_luck_probability=0.11,
        pbo=0.31,
        holdout_return_pct=holdout,
        holdout_hold_pct=-3.0,
        holdout_trades=7.0,
        plateau_score=1.25,
        plateau_return_pct=4.5,
        plateau_blocks_score=-0.5,
        bootstrap_return_low_pct=-12.0,
        bootstrap_return_high_pct=140.0,
        bootstrap_sharpe_low=-0.2,
        bootstrap_sharpe_high=2.75,
        buy_hold_net_return_pct=61.0,
        buy_hold_net_sharpe=1.1,
        random_entry_percentile=0.93,
        random_entry_median_pct=2.0,
        daily_sharpe=1.6,
        sharpe_periods=365.0,
        sharpe_per_period=0.0837,
        sharpe_skewness=0.4,
        sharpe_kurtosis=5.1,
    )


def folds() -> tuple[ReportFold, ...]:
    days = [START_MS + 30 * DAY_MS * k for k in range(4)]
    return tuple(
        ReportFold(
            STRATEGIES[k % 2],
            10 + k,
            day,
            day + 90 * DAY_MS,
            day + 91 * DAY_MS,
            day + 121 * DAY_MS,
            40.0 - 3 * k,
            None if k == 3 else 5.0 - 4 * k,
            2.0,
        )
        for k, day in enumerate(days)
    )


def curve(number: int, seed: int, n: int = 5000) -> ReportCurve:
    """Return a run of three round trips over ``n`` bars, the last fifth kept from the search."""
    rng = np.random.default_rng(seed)
    # rounded, because exp differs in the last bit between processors
    close = (0.01 * np.exp(np.cumsum(rng.normal(0.0001, 0.01, n)))).round(7)
    held = np.zeros(n, dtype=bool)
    trades = []
    for start in (n // 10, n // 2, n * 9 // 10):
        stop = start + n // 12
        held[start:stop] = True
        gain = close[stop] / close[start] - 1
        trades.append(
            Trade(start, stop, close[start], close[stop], 15.0, 16.0, 1000.0, 990.0, gain * 100)
        )
    steps = np.where(held[:-1], np.diff(close) / close[:-1], 0.0)
    equity = (1000 * np.concatenate(([1.0], np.cumprod(1 + steps)))).round(4)
    time = START_MS + 300_000 * np.arange(n, dtype=np.int64)
    holdout = int(time[n * 4 // 5])
    name = STRATEGIES[number % 2]
    return ReportCurve(number, name, "1y", time, equity, close, tuple(trades), holdout)


def curves() -> list[ReportCurve]:
    return [curve(number, seed) for seed, number in enumerate((12, 31, 88))]
