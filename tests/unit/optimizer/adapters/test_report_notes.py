"""What the page says beside its columns and pictures is what was done, in figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optimizer.adapters.html_report import notes, sections
from optimizer.domain.study.stretches import Stretches
from tests import report_scene


def test_line_and_column_on_the_holdout_are_said_to_be_two_runs() -> None:
    facts, curves = report_scene.facts(9), report_scene.curves()
    for said in (notes.equity_note(facts, curves), notes.holdout_meaning(facts)):
        assert "begins anew 2.5 days later with the trade size, 1\u202f000\u202fDAI" in said
        assert "what was earned" in said
    unheld = [replace(curve, holdout_from=None) for curve in curves]
    assert "holdout" not in notes.equity_note(facts, unheld)


@pytest.mark.parametrize(
    ("days", "words"),
    [(0.0, "nothing left out between"), (1.0, "1 day left out between"), (7.0, "7 days left out")],
)
def test_the_embargo_is_the_one_there_was(days: float, words: str) -> None:
    facts = report_scene.facts(9, embargo_days=days)
    assert words in notes.holdout_meaning(facts)
    assert words in dict(notes.facts_list(facts))["Holdout"]
    anew = {0.0: "anew there with", 1.0: "anew 1 day later", 7.0: "anew 7 days later"}[days]
    assert anew in notes.equity_note(facts, report_scene.curves())


def test_a_study_without_a_holdout_says_so() -> None:
    some = report_scene.facts(9).stretches
    facts = report_scene.facts(9, stretches=Stretches(some.windows))
    assert "No candles were kept" in notes.holdout_meaning(facts)
    assert dict(notes.facts_list(facts))["Holdout"] == "none was kept"
    assert "back from the end of the candles" in dict(notes.facts_list(facts))["Windows"]


def test_skipped_runs_are_counted_where_they_would_have_been_drawn() -> None:
    facts, (first, *others) = report_scene.facts(9), report_scene.curves()
    assert "skipped" not in notes.equity_note(facts, [first, *others])
    assert "skipped" not in notes.trades_note(first)
    many = [replace(first, n_alike=7), *others]
    assert "7 runs of the same strategy" in notes.equity_note(facts, many)
    assert "as one drawn were skipped." in notes.equity_note(facts, many)
    one = replace(first, n_alike=1)
    assert "1 run of the same strategy" in notes.trades_note(one)
    assert "as this one was skipped." in notes.trades_note(one)


def test_trades_in_the_holdout_are_counted_apart_because_tables_leave_them_out() -> None:
    first = report_scene.curves()[0]
    said = notes.trades_note(first)
    assert said.startswith("3 round trips, of which 1 is in the holdout: ")
    assert "tables count trades up to it only" in said
    assert notes.trades_note(replace(first, holdout_from=None)).startswith("3 round trips; filled")


def test_a_trade_size_of_next_to_nothing_is_not_nought() -> None:
    facts = replace(report_scene.facts(9), trade_size=0.000001)
    assert dict(notes.facts_list(facts))["Trade size"].startswith("0.000001\u202fDAI, filled")


def test_numbers_of_trials_are_never_grouped() -> None:
    study = report_scene.study(1300)
    for table in sections.window_tables(study):
        shown = [row[0].text for row in table.rows]
        assert any(int(text) >= 1000 for text in shown)
    folds = sections.fold_table([replace(study.folds[0], number=1269)])
    assert folds.rows[0][2].text == "1269"


def test_of_very_many_windows_the_head_names_a_few_and_the_last() -> None:
    some = report_scene.facts(9).stretches
    assert notes.days_list(some) == some.lines
    window = some.windows[0]
    many = Stretches(tuple(replace(window, label=f"{n}d") for n in range(1, 300)), some.holdout)
    labels = [label for label, _ in notes.days_list(many)]
    assert labels == ["1d", "2d", "3d", "4d", "and", "299d", "holdout"]
    assert dict(notes.days_list(many))["and"] == "294 more windows"


def test_a_table_of_a_window_says_how_many_of_how_many_and_of_which_days() -> None:
    study = report_scene.study()
    month, quarter, year = sections.window_tables(study)
    days = study.facts.stretches.windows[0].days
    assert month.note.startswith(f"{days} (UTC), back from where the holdout begins. ")
    assert "The 100 highest of 240 trials evaluated" in month.note
    assert "The 100 highest of 192 trials evaluated" in quarter.note
    assert "100 of" not in year.note
    few = sections.window_tables(report_scene.study(20))[0]
    assert "All 20 trials evaluated on this window" in few.note


def test_a_report_made_without_candles_leaves_days_out() -> None:
    study = report_scene.study(20)
    study = replace(study, facts=report_scene.facts(20, stretches=Stretches()))
    assert sections.window_tables(study)[0].note.startswith("All 20 trials")
    assert dict(notes.facts_list(study.facts))["Windows"].startswith("30d, 90d, 1y;")
