"""Pictures keep every extreme, say nothing untrue at their edges, and stay small."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from optimizer.adapters.html_report import cells, figures, markup, sections
from optimizer.domain.importance import parameter_tables
from optimizer.services.reports import tables
from tests import report_scene


@pytest.fixture(scope="module")
def curves() -> list:
    return [report_scene.curve(12, 0, n=40_000), report_scene.curve(31, 1, n=40_000)]


def test_a_thinned_curve_keeps_its_ends_its_peak_and_its_deepest_fall(curves: list) -> None:
    figure = figures.equity_figure(curves, "DAI")
    for curve, equity, depth in zip(
        curves, figure["data"][::2], figure["data"][1::2], strict=False
    ):
        fall = (curve.equity / np.maximum.accumulate(curve.equity) - 1).min() * 100
        assert len(equity["y"]) <= 4 * figures.STRETCHES + 4
        assert max(equity["y"]) == pytest.approx(curve.equity.max(), rel=1e-5)
        assert min(depth["y"]) == pytest.approx(fall, rel=1e-5)
        assert equity["y"][-1] == pytest.approx(curve.equity[-1], rel=1e-5)


def test_every_stretch_keeps_the_first_of_its_lowest_and_highest_values() -> None:
    values = np.random.default_rng(3).integers(0, 50, 10_007).astype(float)
    edges = np.linspace(0, len(values), figures.STRETCHES + 1).astype(int)
    wanted = {0, len(values) - 1}
    for start, stop in pairwise(edges.tolist()):
        stretch = values[start:stop]
        wanted |= {start + int(np.argmin(stretch)), start + int(np.argmax(stretch))}
    assert figures._extremes(values).tolist() == sorted(wanted)


def test_numbers_are_rounded_to_six_digits_at_any_size() -> None:
    rng = np.random.default_rng(8)
    values = rng.normal(size=5_000) * 10.0 ** rng.integers(-12, 16, 5_000)
    assert figures._short(values) == [float(f"{value:.6g}") for value in values]
    odd = [0.0, math.nan, math.inf, -math.inf, 1e-308, 999_999.7]
    assert figures._short(odd) == [0.0, None, None, None, 0.0, 1_000_000.0]
    assert figures._short([]) == []


def test_buy_and_hold_begins_with_the_same_money(curves: list) -> None:
    held = figures.equity_figure(curves, "DAI")["data"][-2]
    assert held["name"] == "Buy and hold"
    assert held["y"][0] == pytest.approx(curves[0].equity[0])


def test_the_scale_is_logarithmic_only_for_large_growth(curves: list) -> None:
    calm = figures.equity_figure(curves, "DAI")["layout"]["yaxis"]
    assert "type" not in calm
    grown = replace(curves[0], equity=np.geomspace(1000, 100_000, len(curves[0].equity)))
    wild = figures.equity_figure([grown], "DAI")["layout"]["yaxis"]
    assert wild["type"] == "log"
    assert "logarithmic" in wild["title"]["text"]
    broke = replace(curves[0], equity=np.linspace(1000, 0, len(curves[0].equity)))
    assert "type" not in figures.equity_figure([broke], "DAI")["layout"]["yaxis"]


def test_the_holdout_is_shaded_where_there_is_one(curves: list) -> None:
    (shape,) = figures.equity_figure(curves, "DAI")["layout"]["shapes"]
    assert shape["x0"] == tables.moment(curves[0].holdout_from)[:16]
    assert shape["x1"] == tables.moment(int(curves[0].time[-1]))[:16]
    seen = [replace(curve, holdout_from=None) for curve in curves]
    assert figures.equity_figure(seen, "DAI")["layout"]["shapes"] == []


def test_no_runs_make_no_traces() -> None:
    assert figures.equity_figure([], "DAI")["data"] == []


def test_entries_are_filled_and_exits_hollow_at_their_prices(curves: list) -> None:
    _, entry, leave = figures.trade_figure(curves[0], "DAI")["data"]
    assert not entry["marker"]["symbol"].endswith("open")
    assert leave["marker"]["symbol"].endswith("open")
    assert entry["y"] == pytest.approx([t.entry_price for t in curves[0].trades], rel=1e-5)


def test_a_large_study_is_drawn_with_few_lines_the_best_among_them() -> None:
    study = report_scene.study(4000)
    for table in parameter_tables(study):
        figure = figures.parallel_figure(study, table)
        (trace,) = figure["data"]
        score = trace["dimensions"][0]
        assert score["label"] == study.facts.objectives[0]
        assert len(score["values"]) == figures.LINES_MAX
        assert max(score["values"]) == pytest.approx(study.scores[table.places, 0].max())
        assert trace["dimensions"][2]["label"] == "entry_days"  # it matters most
        assert f"{figures.LINES_MAX} of 1600" in figure["note"]


def test_every_figure_is_strict_json(curves: list) -> None:
    study = report_scene.study(60)
    made = [
        figures.equity_figure(curves, "DAI"),
        figures.trade_figure(curves[0], "DAI"),
        figures.fold_figure(study.folds),
        *(figures.parallel_figure(study, table) for table in parameter_tables(study)),
        *(figures.importance_figure(table) for table in parameter_tables(study)),
    ]
    assert json.dumps(made, allow_nan=False)


@pytest.mark.parametrize(
    ("cell", "text", "key"),
    [
        (cells.percent(12.345), "+12.34\u202f%", "12.345"),
        (cells.percent(-0.001), "0.00\u202f%", "-0.001"),
        (cells.percent(12_345.6), "+12\u202f346\u202f%", "12345.6"),
        (cells.percent(4.8841963e16), "+4.9 × 10^16\u202f%", "4.8841963e+16"),
        (cells.percent(-12.0, signed=False), "−12.00\u202f%", "-12.0"),
        (cells.percent(float("nan")), "–", ""),
        (cells.number(-1234.5), "−1\u202f234.50", "-1234.5"),
        (cells.number(-4.8841963e50, 4), "−4.8842 × 10^50", "-4.8841963e+50"),
        (cells.count(7.0), "7", "7.0"),
        (cells.number(None), "–", ""),
        (cells.number(float("inf")), "–", ""),
        (cells.verdict(None), "not examined", ""),
        (cells.parameters('{"a": 2}'), "1 value", "1"),
        (cells.parameters("{}"), "none", "0"),
    ],
)
def test_cells_read_as_people_write_and_sort_by_their_value(
    cell: cells.Cell, text: str, key: str
) -> None:
    assert (cell.text, cell.key) == (text, key)


def test_the_tables_sort_by_return_and_the_best_of_each_objective_comes_first() -> None:
    study = report_scene.study()
    for place, table in enumerate(sections.objective_tables(study)):
        gains = [float(row[3].key) for row in table.rows]
        assert gains == sorted(gains, reverse=True)
        best = study.best(place)
        assert float(best) in {float(row[1].key) for row in table.rows}
    first = sections.verdict_table(study)
    assert [row[0].text for row in first.rows] == list(report_scene.OBJECTIVES)
    assert "0.31" in first.note


def test_tables_of_other_windows_name_the_window_trials_were_examined_on() -> None:
    bound = ("Luck", "Deflated Sharpe", "Interval, 90 %", "Neighbours", "In parts", "Held, net")
    bound = (*bound, "Random timing")
    for table in sections.window_tables(report_scene.study()):
        columns = {header.label: header.help for header in table.headers}
        is_own = table.title == "1y"
        for label in bound:
            text = columns[label if is_own else f"{label} (1y)"]
            assert text.endswith(" 1y")
            assert "same window" not in text
        assert ("What luck explains was examined on 1y." in table.note) is not is_own
        assert columns["Holdout"] == "return on candles the search never saw, positions bought anew"
        assert columns["Buy and hold"] == "over the same window, without costs"


def test_verdicts_say_at_how_many_trials_they_stopped_knowing() -> None:
    study = report_scene.study()
    old = {
        number: replace(luck, n_judged=200, n_charged=200, n_made=26_400)
        for number, luck in study.luck.items()
    }
    search = replace(
        study.search, n_searched=26_400, sharpe_hurdle=3.97, n_judged=200, hurdle_judged=2.81
    )
    note = sections.verdict_table(replace(study, luck=old, search=search)).note
    said = "1 survives scrutiny, 1 is not proven, luck explains 2."
    assert f"Of 4 examined trials {said}" in note
    assert "The best of 26\u202f400 trials without skill would show" in note
    assert (
        "of 3.97 here beyond its share of the market; when it was examined, at 200 trials, 2.81."
        in note
    )
    rows = sections.window_tables(replace(study, luck=old, search=search))[2].rows
    deflated = [row[6] for row in rows if row[6].key]
    assert len(deflated) == 4
    for cell in deflated:
        assert cell.more == "Only 200 of the 26\u202f400 trials made by now are counted."
    charged = sections.window_tables(study)[2].rows
    assert not any(row[5].more for row in charged)


@pytest.mark.parametrize(
    ("fill", "base"), [("next_open", "the traded notional"), ("next_close", "the trade size")]
)
def test_costs_name_what_they_are_a_share_of(fill: str, base: str) -> None:
    study = replace(report_scene.study(20), facts=report_scene.facts(20, fill=fill))
    for table in (sections.verdict_table(study), *sections.window_tables(study)):
        (costs,) = [header for header in table.headers if header.label == "Costs"]
        assert base in costs.help


def test_rows_are_html_whatever_their_cells_say() -> None:
    shown = markup.rows_html(
        [
            (cells.number(-1.5, signed=True), cells.words('<b> & "c"', more="it's <i>")),
            (cells.number(None), cells.words("plain")),
        ]
    )
    assert shown == (
        '<tr><td data-k="-1.5" class="n down">−1.50</td>'
        '<td data-k="&lt;b&gt; &amp; &quot;c&quot;"><details>'
        "<summary>&lt;b&gt; &amp; &quot;c&quot;</summary>"
        '<div class="more">it&#x27;s &lt;i&gt;</div></details></td></tr>\n'
        '<tr><td data-k="" class="n ">–</td><td data-k="plain">plain</td></tr>\n'
    )
