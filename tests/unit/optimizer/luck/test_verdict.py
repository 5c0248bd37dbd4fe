"""Luck explains a result, or a reason with its numbers says why it is not proven, or it stands."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.domain.luck.figures import LuckFigures
from optimizer.domain.luck.verdict import Evidence, LuckReason, LuckVerdict, judge
from optimizer.domain.luck.writing import percent
from trading.base.selectors.figures import percent_text

SOUND = LuckFigures(
    luck_probability=0.0499,
    deflated_sharpe=0.95,
    pbo=0.5,
    holdout_return_pct=0.0,
    holdout_hold_pct=-3.0,
    holdout_luck_probability=0.2,
    plateau_return_pct=0.01,
    bootstrap_return_low_pct=0.01,
    bootstrap_return_high_pct=80.0,
    buy_hold_net_return_pct=40.0,
    buy_hold_net_sharpe=1.0,
    random_entry_percentile=0.95,
    daily_sharpe=1.01,
    sharpe_periods=365.0,
    sharpe_per_period=0.2,
    sharpe_skewness=0.0,
    sharpe_kurtosis=3.0,
)
EVIDENCE = Evidence(return_pct=40.0, n_trades=10, n_searched=20_000, loss_share=0.3)


def test_a_result_at_every_limit_survives() -> None:
    judgement = judge(SOUND, EVIDENCE)
    assert judgement.verdict is LuckVerdict.SURVIVES
    assert judgement.findings == ()
    assert judgement.figures is SOUND


def test_luck_that_suffices_once_in_twenty_searches_explains_whatever_else_is_said() -> None:
    for figures in (SOUND, replace(SOUND, holdout_return_pct=-8.2)):
        judgement = judge(replace(figures, luck_probability=0.05), EVIDENCE)
        assert judgement.verdict is LuckVerdict.EXPLAINED
        assert judgement.findings[0].sentence == (
            "Luck suffices: the best of 20\u202f000 trials without skill looks as good here and on "
            "the holdout in 5\u202f% of all searches; expected below 5\u202f%."
        )
    kept = judge(replace(SOUND, luck_probability=0.4, holdout_luck_probability=None), EVIDENCE)
    assert "looks as good here in 40\u202f%" in kept.findings[0].sentence


@pytest.mark.parametrize(
    ("reason", "figures", "evidence", "said"),
    [
        (LuckReason.FEW_TRADES, {}, {"n_trades": 9}, "9 round trips; fewer than 10"),
        (LuckReason.FEW_TRADES, {}, {"n_trades": 1}, "made 1 round trip;"),
        (
            LuckReason.DEFLATED_SHARPE,
            {"deflated_sharpe": 0.9499},
            {},
            "below 0.95: after 20\u202f000 trials it takes 810 returns like its 365, 2.22 times as "
            "long.",
        ),
        (
            LuckReason.DEFLATED_SHARPE,
            {"deflated_sharpe": 0.2, "sharpe_per_period": -0.1},
            {},
            "below 0.95: it earned nothing by its timing.",
        ),
        (LuckReason.TOO_SHORT, {"luck_probability": None}, {}, "fewer than 32"),
        (LuckReason.SEARCH_OVERFITS, {"pbo": 0.51}, {}, "51\u202f% of the halves"),
        (
            LuckReason.HOLDOUT_LOSS,
            {"holdout_return_pct": -8.2},
            {},
            "8.20\u202f% on the holdout (buying and holding: \u22123.00\u202f%); newer candles",
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
def test_one_step_beyond_a_limit_is_one_reason_why_nothing_is_proven(
    reason: LuckReason, figures: dict[str, float], evidence: dict[str, int], said: str
) -> None:
    judgement = judge(replace(SOUND, **figures), replace(EVIDENCE, **evidence))
    assert judgement.verdict is LuckVerdict.NOT_PROVEN
    assert [finding.reason for finding in judgement.findings] == [reason]
    assert said in judgement.findings[0].sentence


# figure or evidence, its range from bad to good
SCALES = {
    "luck_probability": (1.0, 0.0),
    "deflated_sharpe": (0.0, 1.0),
    "pbo": (1.0, 0.0),
    "holdout_return_pct": (-50.0, 50.0),
    "plateau_return_pct": (-50.0, 50.0),
    "bootstrap_return_low_pct": (-50.0, 50.0),
    "random_entry_percentile": (0.0, 1.0),
    "daily_sharpe": (-2.0, 4.0),
    "return_pct": (-50.0, 90.0),
    "n_trades": (0, 40),
    "loss_share": (1.0, 0.0),
}
RANKS = list(LuckVerdict)


@given(
    name=st.sampled_from(sorted(SCALES)),
    places=st.fixed_dictionaries({name: st.floats(0.0, 1.0) for name in SCALES}),
    better=st.floats(0.0, 1.0),
)
def test_a_figure_that_gets_better_never_makes_a_verdict_worse(
    name: str, places: dict[str, float], better: float
) -> None:
    def rank(at: dict[str, float]) -> int:
        values = {key: low + (high - low) * at[key] for key, (low, high) in SCALES.items()}
        own = {key: values.pop(key) for key in ("return_pct", "loss_share")}
        n_trades = int(values.pop("n_trades"))
        figures, evidence = replace(SOUND, **values), replace(EVIDENCE, **own, n_trades=n_trades)
        return RANKS.index(judge(figures, evidence).verdict)

    assert rank({**places, name: max(places[name], better)}) >= rank(places)


def test_great_numbers_and_losses_are_written_as_in_the_columns_beside() -> None:
    great = replace(SOUND, buy_hold_net_return_pct=378_199.74, buy_hold_net_sharpe=-0.001)
    low = replace(EVIDENCE, return_pct=-37.51)
    judgement = judge(replace(great, daily_sharpe=-1.5), low)
    assert judgement.findings[0].sentence == (
        "Buying and holding earned 378\u202f200\u202f% after costs at a Sharpe ratio of 0.00; it "
        "earned \u221237.51\u202f% at \u22121.50 and beats neither."
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


def test_what_never_traded_needs_no_skill() -> None:
    judgement = judge(SOUND, replace(EVIDENCE, n_trades=0))
    assert judgement.verdict is LuckVerdict.EXPLAINED
    assert [(finding.reason, finding.sentence) for finding in judgement.findings] == [
        (LuckReason.LUCK_SUFFICES, "It never traded: earning nothing takes no skill.")
    ]


def test_without_figures_nothing_is_proven() -> None:
    judgement = judge(LuckFigures(), replace(EVIDENCE, loss_share=None))
    assert judgement.verdict is LuckVerdict.NOT_PROVEN
    assert [finding.reason for finding in judgement.findings] == [LuckReason.TOO_SHORT]


def test_a_test_beside_them_that_was_not_made_says_nothing() -> None:
    figures = LuckFigures(luck_probability=0.001, deflated_sharpe=0.99)
    judgement = judge(figures, replace(EVIDENCE, loss_share=None))
    assert judgement.verdict is LuckVerdict.SURVIVES


def test_a_return_or_a_ratio_above_holding_is_enough() -> None:
    poor = replace(SOUND, daily_sharpe=0.5)
    assert judge(poor, EVIDENCE).verdict is LuckVerdict.NOT_PROVEN
    assert judge(poor, replace(EVIDENCE, return_pct=40.1)).verdict is LuckVerdict.SURVIVES


def test_a_low_rank_among_equals_that_all_earn_is_no_overfitting() -> None:
    low = judge(replace(SOUND, pbo=0.9), replace(EVIDENCE, loss_share=0.05))
    assert low.verdict is LuckVerdict.SURVIVES


def test_each_verdict_has_its_words() -> None:
    words = [verdict.words for verdict in LuckVerdict]
    assert words == ["explained by luck", "not proven", "survives"]
