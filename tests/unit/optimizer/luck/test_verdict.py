"""Every reason is found at its limit, alone, and says its numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optimizer.domain.luck.figures import LuckFigures
from optimizer.domain.luck.verdict import Evidence, LuckReason, judge
from optimizer.domain.luck.writing import percent
from trading.selectors.figures import percent_text

SOUND = LuckFigures(
    deflated_sharpe=0.95,
    pbo=0.5,
    holdout_return_pct=0.0,
    holdout_hold_pct=-3.0,
    plateau_return_pct=0.01,
    bootstrap_return_low_pct=0.01,
    bootstrap_return_high_pct=80.0,
    buy_hold_net_return_pct=40.0,
    buy_hold_net_sharpe=1.0,
    random_entry_percentile=0.95,
    daily_sharpe=1.01,
)
EVIDENCE = Evidence(return_pct=40.0, n_trades=10, n_searched=20_000, loss_share=0.3)


def test_a_result_at_every_limit_survives() -> None:
    verdict = judge(SOUND, EVIDENCE)
    assert not verdict.explained
    assert verdict.findings == ()
    assert verdict.figures is SOUND


@pytest.mark.parametrize(
    ("reason", "figures", "evidence", "said"),
    [
        (LuckReason.FEW_TRADES, {}, {"n_trades": 9}, "9 round trips; fewer than 10"),
        (LuckReason.FEW_TRADES, {}, {"n_trades": 1}, "made 1 round trip;"),
        (LuckReason.DEFLATED_SHARPE, {"deflated_sharpe": 0.9499}, {}, "20\u202f000 trials"),
        (LuckReason.SEARCH_OVERFITS, {"pbo": 0.51}, {}, "51\u202f% of the halves"),
        (
            LuckReason.HOLDOUT_LOSS,
            {"holdout_return_pct": -8.2},
            {},
            "8.20\u202f% on the holdout (buying and holding: \u22123.00\u202f%).",
        ),
        (LuckReason.BELOW_HOLD, {"daily_sharpe": 1.0}, {}, "it earned 40.00\u202f% at 1.00"),
        (
            LuckReason.RANDOM_TIMING,
            {"random_entry_percentile": 0.9},
            {},
            "in 10\u202f% of the draws; expected below 5\u202f%",
        ),
        (
            LuckReason.LONE_PEAK,
            {"plateau_return_pct": 0.0},
            {},
            "5\u202f% of their range, earned 0.00\u202f% or less",
        ),
        (
            LuckReason.INTERVAL,
            {"bootstrap_return_low_pct": -0.5},
            {},
            "between \u22120.50\u202f% and 80.00\u202f% (90\u202f%), ",
        ),
    ],
    ids=lambda value: value.value if isinstance(value, LuckReason) else "",
)
def test_one_step_beyond_a_limit_is_one_reason(
    reason: LuckReason, figures: dict[str, float], evidence: dict[str, int], said: str
) -> None:
    verdict = judge(replace(SOUND, **figures), replace(EVIDENCE, **evidence))
    assert verdict.explained
    assert [finding.reason for finding in verdict.findings] == [reason]
    assert said in verdict.findings[0].sentence


def test_great_numbers_and_losses_are_written_as_in_the_columns_beside() -> None:
    great = replace(SOUND, buy_hold_net_return_pct=378_199.74, buy_hold_net_sharpe=-0.001)
    low = replace(EVIDENCE, return_pct=-37.51)
    verdict = judge(replace(great, daily_sharpe=-1.5), low)
    assert verdict.findings[0].sentence == (
        "Buying and holding earned 378\u202f200\u202f% after costs at a Sharpe ratio of 0.00; it "
        "earned \u221237.51\u202f% at \u22121.50."
    )


@pytest.mark.parametrize("is_signed", [True, False])
@pytest.mark.parametrize(
    "value",
    [0.0, -0.0, -0.001, 2.675, -37.51, 999.995, 9_999.994, 9_999.999, 10_000.0, -378_199.74,
     9_999_999.9, 1e7, -4.8841963e16, 1e300, float("nan"), float("inf")],
)  # fmt: skip
def test_a_sentence_writes_percentages_as_the_desk_does(value: float, is_signed: bool) -> None:
    assert percent(value, signed=is_signed) == percent_text(value, signed=is_signed)
    assert percent(value, 0, signed=is_signed) == percent_text(value, 0, signed=is_signed)


def test_every_reason_has_a_case() -> None:
    bad = LuckFigures(
        0.1, 0.9, -1.0, None, 0.0, 0.0, -1.0, 0.0, -5.0, 9.0, 0.0, 0.0, 50.0, 2.0, 0.2
    )
    verdict = judge(replace(bad, daily_sharpe=1.0), replace(EVIDENCE, n_trades=1))
    assert {finding.reason for finding in verdict.findings} == set(LuckReason)


def test_what_never_traded_is_said_to_have_and_has_no_ratio_and_no_interval() -> None:
    still = replace(
        SOUND, deflated_sharpe=0.0, bootstrap_return_low_pct=0.0, bootstrap_return_high_pct=0.0
    )
    verdict = judge(still, replace(EVIDENCE, n_trades=0))
    assert [(finding.reason, finding.sentence) for finding in verdict.findings] == [
        (LuckReason.FEW_TRADES, "It never traded: there is nothing to judge.")
    ]
    once = judge(still, replace(EVIDENCE, n_trades=1))
    assert [finding.reason for finding in once.findings] == [
        LuckReason.FEW_TRADES,
        LuckReason.DEFLATED_SHARPE,
        LuckReason.INTERVAL,
    ]


def test_a_test_that_was_not_made_says_nothing() -> None:
    assert not judge(LuckFigures(), replace(EVIDENCE, loss_share=None)).explained


def test_a_return_or_a_ratio_above_holding_is_enough() -> None:
    poor = replace(SOUND, daily_sharpe=0.5)
    assert judge(poor, EVIDENCE).explained
    assert not judge(poor, replace(EVIDENCE, return_pct=40.1)).explained


def test_a_low_rank_among_equals_that_all_earn_is_no_overfitting() -> None:
    assert not judge(replace(SOUND, pbo=0.9), replace(EVIDENCE, loss_share=0.05)).explained
