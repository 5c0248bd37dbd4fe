"""What pages say of studies: states in sentences, facts with units, formulas under many names."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dashboard.optimizer.facts import facts_list
from dashboard.optimizer.objectives import objective_meaning, same_formulas
from dashboard.optimizer.progress import counts_text, progress_payload, state_sentence
from dashboard.pages.trial.luck import luck_facts, verdict_text
from dashboard.templatetags.desk import percent
from optimizer.domain.luck.figures import LuckFigures
from optimizer.domain.luck.standing import StandingVerdict, VerdictCounts
from optimizer.domain.luck.verdict import LuckVerdict
from optimizer.domain.objectives import OBJECTIVES
from optimizer.selectors.studies import StudyView, study_get
from optimizer.services.sweeps.supervision import WAITS
from tests import factories as make
from tests.factories.desk import NOW


@pytest.fixture
def view(db: None) -> StudyView:
    """Return a running study, 50 of 200 trials done in 25 seconds."""
    row = make.study(n_done=50, heartbeat_at=NOW + timedelta(seconds=25))
    found = study_get(row.pk, NOW + timedelta(seconds=26))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Running."),
        ({"n_done": 0}, "and compile kernels once after an installation or upgrade"),
        ({"n_done": 200}, "Every trial is stored. Now the best are examined"),
        ({"reason": "no worker answers"}, "No worker answers."),
        ({"state": "waiting", "silent_s": 9.0}, "Waiting for a worker of the queue “sweeps” to ta"),
        ({"state": "waiting", "silent_s": 45.0}, "no sweep worker has answered for 45 s; if none"),
        ({"state": "waiting", "reason": WAITS, "silent_s": 45.0}, "Waits for a worker: the one "),
        ({"state": "stopping"}, "the batch in flight is stored first"),
        ({"state": "stopping", "n_done": 200}, "the examination is left; resume begins it again"),
        ({"state": "stalled", "silent_s": 75.0}, "No sign of life for 1\u202fmin. 50 trials are"),
        ({"state": "cancelled", "reason": "cancelled by request"}, "Cancelled by request. 50 tri"),
        ({"state": "failed", "reason": "data changed"}, "Failed: data changed. 50 trials are kept"),
        ({"state": "finished", "luck": {}}, "none was examined for luck"),
    ],
)
def test_every_state_is_a_sentence(view: StudyView, changes: dict[str, object], words: str) -> None:
    assert words in state_sentence(replace(view, **changes))  # type: ignore[arg-type]


def test_progress_tells_the_rate_just_now_and_the_time_it_leaves(view: StudyView) -> None:
    told = progress_payload(view, {"ok": 48, "pruned": 2}, per_second=300.0)
    assert (told["done"], told["of"], told["percent"]) == ("50", "200", 25)
    assert told["rate"] == "300"
    assert told["counts"] == "48 complete, 2 pruned, 0 failed"
    slow = progress_payload(view, {})
    assert (slow["rate"], slow["left"]) == ("2", "1\u202fmin")
    assert slow["counts"] == "none stored yet"


def test_a_study_that_does_not_run_has_no_time_left(view: StudyView) -> None:
    told = progress_payload(replace(view, state="cancelled"), {})
    assert told["left"] == ""
    assert told["active"] is False


@pytest.mark.parametrize(
    ("state", "n_runs", "luck", "words"),
    [
        ("finished", 1, {"examined": 9}, "the only run, with scrutiny and report"),
        ("finished", 3, {"examined": 9}, "all 3 runs together, with scrutiny and report"),
        ("finished", 1, {}, "the only run, with the report"),
        ("cancelled", 2, {}, "all 2 runs together, until it was cancelled"),
        ("failed", 1, {}, "the only run, until it failed"),
        ("finished", 0, {"examined": 9}, "all runs together, with scrutiny and report"),
    ],
)
def test_the_time_taken_says_what_it_is_of(
    view: StudyView, state: str, n_runs: int, luck: dict[str, int], words: str
) -> None:
    manifest = {"runs": [{"elapsed_s": 5.0}] * n_runs + [{"owner": "killed"}]}
    ended = replace(view, state=state, luck=luck, manifest=manifest, figures={"elapsed_s": 55.2})
    told = progress_payload(ended, {})
    assert (told["took"], told["took_by"]) == ("55\u202fs", words)
    untold = progress_payload(replace(ended, figures={}), {})
    assert (untold["took"], untold["took_by"]) == ("", "not written down")


def test_progress_says_which_orders_are_open_so_that_they_change_with_the_state(
    view: StudyView,
) -> None:
    running, ended = (
        progress_payload(replace(view, state=state), {}) for state in ("running", "cancelled")
    )
    assert (running["can_cancel"], running["can_resume"]) == (True, False)
    assert (ended["can_cancel"], ended["can_resume"]) == (False, True)


def test_what_was_chosen_is_written_with_all_of_its_digits() -> None:
    facts = facts_list({"arguments": {"trade_size": 0.000001, "holdout_share": 0.0005}})
    assert [fact.text for fact in facts] == ["0.000001", "0.05\u202f%"]


def test_counts_name_every_ending() -> None:
    assert counts_text({"failed": 3}) == "0 complete, 0 pruned, 3 failed"


def test_facts_take_units_from_names_and_shorten_digests() -> None:
    facts = facts_list(
        {
            "trials_per_second": 412.25,
            "cpu_utilisation": 0.934,
            "wall_s": {"store": 1.5},
            "worker_last_mb": 292.6,
            "n_workers": 2,
            "seed": 1234567,
            "data_digest": "ab" * 32,
            "created_at": "2026-11-21T07:23:07.717532+00:00",
            "windows": ["30d", "1y"],
            "error": "",
        }
    )
    assert {fact.term: fact.text for fact in facts} == {
        "trials per second": "412.25",
        "cpu utilisation": "93.4\u202f%",
        "wall: store": "1.5\u202fs",
        "worker last": "292.6\u202fMiB",
        "workers": "2",
        "seed": "1234567",
        "data digest": "abababababab",
        "created at": "2026-11-21 07:23:07 UTC",
        "windows": "30d, 1y",
    }
    assert next(fact.whole for fact in facts if fact.term == "data digest") == "ab" * 32


def test_three_published_names_are_said_to_be_one_formula() -> None:
    sentences = same_formulas(list(OBJECTIVES))
    assert sentences == [
        "profit_biased, cps_v2 and cps_v2_profit_biased are one formula under three published "
        "names: they always agree."
    ]
    assert same_formulas(["mar", "cps"]) == []


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_says_what_it_means(name: str) -> None:
    meaning = objective_meaning(name)
    assert meaning.endswith(".")
    assert meaning[0].isupper() or meaning[0].isdigit()


def test_luck_lists_what_was_measured_and_leaves_out_what_was_not() -> None:
    figures = LuckFigures(
        deflated_sharpe=0.412,
        random_entry_percentile=0.97,
        bootstrap_return_low_pct=-3.0,
        bootstrap_return_high_pct=40.0,
    )
    found = luck_facts(StandingVerdict(LuckVerdict.EXPLAINED, (), figures, (), 5000, 5000, 5000))
    assert {fact.term: fact.text for fact in found} == {
        "Deflated Sharpe": "0.412",
        "Beats random timing": "97\u202f%",
        "Return, 90 % interval": "−3.00\u202f% to +40.00\u202f%",
        "Charged for": "5\u202f000 trials on these candles",
    }
    assert luck_facts(None) == []


NOW_CHARGED = "26\u202f400 trials on these candles; examined at 200"
BEHIND = "200 trials on these candles, when it was examined; 26\u202f400 were made by now"
BEHIND_WORDS = "when 200 of the 26\u202f400 trials on these candles were made"


@pytest.mark.parametrize(
    ("verdict", "charged", "fact", "words"),
    [
        ("explained", 26_400, NOW_CHARGED, "explained by luck, charged for 26\u202f400 trials"),
        ("not_proven", 26_400, NOW_CHARGED, "not proven, charged for 26\u202f400 trials"),
        ("survives", 26_400, NOW_CHARGED, "survives, charged for 26\u202f400 trials"),
        ("explained", 200, BEHIND, f"explained by luck {BEHIND_WORDS}"),
        ("not_proven", 200, BEHIND, f"not proven {BEHIND_WORDS}"),
    ],
)
def test_a_verdict_says_what_it_is_charged_for_and_what_was_made_since(
    verdict: str, charged: int, fact: str, words: str
) -> None:
    found = StandingVerdict(LuckVerdict(verdict), (), LuckFigures(), (), 200, charged, 26_400)
    assert luck_facts(found)[-1].text == fact
    assert verdict_text(found) == words


def test_a_finished_study_counts_the_three_verdicts(view: StudyView) -> None:
    done = replace(view, state="finished", luck={}, verdicts=VerdictCounts(4, 4, 1))
    said = "1 survives scrutiny, 4 are not proven, luck explains 4"
    assert state_sentence(done) == f"Of the 9 best trials {said}."


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12.345, "+12.34\u202f%"),
        (-0.5, "−0.50\u202f%"),
        (209010.07, "+209\u202f010\u202f%"),
        (4.4997e12, "+4.5 × 10^12\u202f%"),
        (None, "n/a"),
        ("", "n/a"),
    ],
)
def test_astronomical_growth_stays_readable(value: object, text: str) -> None:
    assert percent(value) == text
