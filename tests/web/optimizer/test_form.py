"""The form that starts a study names every wrong field at once, each once, where it was typed."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from optimizer.models import Study
from tests.oracles import paths
from tests.web.optimizer.test_acts import send
from tests.web.test_pages import text
from trading.market import bootstrap as market
from trading.market.ports.candles import SeriesKey
from trading.market.services.swap_costs.market import PDAI_DAI

MEASURE = "manage.py swap_costs refresh"
WRONG: dict[str, tuple[Any, str]] = {
    "strategies": ([], "No strategy was given"),
    "trials": ("-5", "Trials was -5; expected 1 to"),
    "trade_size": ("much", "Trade size was 'much'; expected a number"),
    "seed": ("x", "Seed was 'x'; expected a whole number"),
    "windows": ("soon", "Window was 'soon'; expected all, 1y"),
    "sampler": ("tpes", "Sampler was 'tpes'; did you mean tpe?"),
    "fill": ("same", "Fill was 'same'; expected next_open"),
    "holdout_pct": ("80", "Holdout was 80 %; expected 0 to 50"),
    "workers_via": ("ssh", "Workers via was 'ssh'; expected local, celery"),
    "workers": ("x", "Workers was 'x'; expected a whole number"),
    "report_every": ("-5", "Report every was -5; expected 0 to"),
}
WRITTEN = ("trials", "trade_size", "windows", "seed", "report_every", "holdout_pct", "workers")


def wrong() -> dict[str, Any]:
    return {name: typed for name, (typed, _) in WRONG.items()}


class Elements(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def described_by(self, name: str) -> list[tuple[str, dict[str, str | None]]]:
        """Return the elements whose description names ``name``."""
        return [
            (tag, attrs)
            for tag, attrs in self.found
            if name in (attrs.get("aria-describedby") or "").split()
        ]


def errors(page: str) -> dict[str, str]:
    """Return what stands beside each field, by its name."""
    found = re.findall(r'id="e-(\w+)" role="alert">([^<]*)<', page)
    assert len(found) == len(dict(found))
    return {name: text(said) for name, said in found}


def refused(browser: Client, **changes: Any) -> str:
    response = send(browser, **changes)
    assert response.status_code == 422
    assert not Study.objects.exists()
    return str(response.content.decode())


@pytest.fixture
def no_costs(data_dir: Path) -> None:
    (data_dir / market.SWAP_COST_FILE).unlink()


def test_every_wrong_field_is_named_at_once_and_once(browser: Client, no_costs: None) -> None:
    page = refused(browser, **wrong())
    said = errors(page)
    assert set(said) == {*WRONG, "costs"}
    shown = text(page)
    for name, (_, why) in WRONG.items():
        assert said[name].startswith(why)
        assert shown.count(said[name]) == 1, name
    assert "Nothing was started: 12 fields below must be put right." in shown


def test_one_wrong_field_is_one(browser: Client, data_dir: Path) -> None:
    page = text(refused(browser, trials="-5"))
    assert "Nothing was started: 1 field below must be put right." in page


def test_missing_costs_do_not_hide_what_else_is_wrong(browser: Client, no_costs: None) -> None:
    assert set(errors(refused(browser, trials="-5"))) == {"costs", "trials"}


@pytest.mark.parametrize(
    ("content", "why", "remedy"),
    [
        (None, "no swap costs were measured yet", MEASURE),
        ("{}", "is no swap-cost cache", f"{MEASURE} --force"),
    ],
)
def test_costs_that_cannot_be_used_are_said_once_with_what_to_do(
    browser: Client, data_dir: Path, content: str | None, why: str, remedy: str
) -> None:
    costs = data_dir / market.SWAP_COST_FILE
    if content is None:
        costs.unlink()
    else:
        costs.write_text(content)
    advice = text(browser.get("/optimizer/").content.decode())
    assert advice.count(why) == advice.count(remedy) == 1
    page = refused(browser)
    assert text(page).count(why) == text(page).count(remedy) == 1
    assert why in errors(page)["costs"]
    assert remedy in errors(page)["costs"]


def test_too_few_candles_are_named_beside_them_with_the_rest(
    browser: Client, data_dir: Path
) -> None:
    short = paths.path(4, 150)
    market.candle_store().replace(SeriesKey("pulsex", "ABC/DAI", "5m"), short, source="test")
    said = errors(refused(browser, candles="pulsex ABC/DAI 5m", seed="x"))
    assert set(said) == {"candles", "seed"}
    assert said["candles"].startswith("120 bars are left to search of 150")


def test_candles_are_not_judged_by_a_holdout_that_is_wrong(browser: Client, data_dir: Path) -> None:
    assert set(errors(refused(browser, holdout_pct="80"))) == {"holdout_pct"}


@pytest.mark.parametrize(
    ("changes", "beside", "why"),
    [
        (
            {"strategies": ["csma_revert", "hybrid_v2", "trailing_hold"], "trials": "2"},
            "trials",
            "Trials were 2; 3 strategies need at least 3",
        ),
        ({"windows": "1y,365d"}, "windows", "Windows '1y' and '365d' are the same; give one"),
        ({"windows": "all,1d,1y"}, "windows", "Windows '1y' and 'all' are the same stretch of"),
        ({"holdout_pct": "5"}, "holdout_pct", "Embargo days was 1, 288 bars; the holdout is 0.26"),
    ],
)
def test_what_cannot_be_on_these_candles_stands_beside_what_would_change_it(
    browser: Client, data_dir: Path, changes: dict[str, Any], beside: str, why: str
) -> None:
    said = errors(refused(browser, **changes))
    assert list(said) == [beside]
    assert said[beside].startswith(why)


def test_workers_of_celery_may_be_capped(browser: Client, data_dir: Path) -> None:
    send(browser, workers_via="celery", workers="3")
    chosen = Study.objects.get().settings
    assert (chosen["workers_via"], chosen["max_workers"]) == ("celery", 3)


def test_what_was_typed_is_kept_wrong_and_right(browser: Client, no_costs: None) -> None:
    changes = {
        "trials": "-5", "trade_size": "much", "windows": "soon", "seed": "31", "report_every": "6",
        "holdout_pct": "80", "workers": "x", "fill": "next_close", "workers_via": "celery",
        "sampler": "qmc", "steering": "cps", "objectives": ["mar", "utility"],
        "strategies": ["tight_trend_follow", "csma_revert"],
    }  # fmt: skip
    page = refused(browser, **changes)
    inputs = {attrs.get("name"): attrs for tag, attrs in Elements(page).found if tag == "input"}
    for name in WRITTEN:
        assert inputs[name]["value"] == changes[name], name
    chosen = [
        attrs["value"]
        for _, attrs in Elements(page).found
        if "selected" in attrs or "checked" in attrs
    ]
    assert chosen == [
        "pulsex PDAI/DAI 5m", "tight_trend_follow", "csma_revert", "qmc", "cps", "utility", "mar",
        "next_close", "celery",
    ]  # fmt: skip


def test_every_error_is_tied_to_what_it_is_about(browser: Client, no_costs: None) -> None:
    page = refused(browser, candles="x", steering="money", **wrong())
    elements = Elements(page)
    for name in errors(page):
        tied = elements.described_by(f"e-{name}")
        assert tied, name
        invalid = [
            attrs
            for _, attrs in elements.found
            if attrs.get("name") == name and attrs.get("aria-invalid") == "true"
        ]
        assert invalid or name == "costs", name
    assert '<details class="more" open>' in page


def test_what_is_right_is_not_marked(browser: Client, data_dir: Path) -> None:
    page = refused(browser, trials="-5")
    marked = [
        attrs["name"] for _, attrs in Elements(page).found if attrs.get("aria-invalid") == "true"
    ]
    assert marked == ["trials"]
    assert 'aria-invalid="true"' not in browser.get("/optimizer/").content.decode()


def test_the_browser_does_not_stop_at_the_first_empty_field(
    browser: Client, data_dir: Path
) -> None:
    (form,) = [
        attrs
        for tag, attrs in Elements(browser.get("/optimizer/").content.decode()).found
        if tag == "form" and attrs.get("class") == "study-form"
    ]
    assert "novalidate" in form
    said = errors(refused(browser, trials="", trade_size="", seed=""))
    assert set(said) == {"trials", "trade_size", "seed"}


def test_the_reader_is_taken_to_what_is_wrong(browser: Client, data_dir: Path) -> None:
    page = refused(browser, trials="-5")
    (summary,) = [attrs for _, attrs in Elements(page).found if attrs.get("id") == "form-error"]
    assert summary["role"] == "alert"
    assert summary["tabindex"] == "-1"
    assert "autofocus" in summary


def test_costs_of_another_chain_are_refused_beside_them_and_taken_when_ticked(
    browser: Client, data_dir: Path
) -> None:
    file = data_dir / market.SWAP_COST_FILE
    cache = json.loads(file.read_text())
    cache["metadata"] = PDAI_DAI.metadata() | {"chain_id": 1}
    file.write_text(json.dumps(cache))
    assert "rungs of PDAI/DAI on chain 1" in browser.get("/optimizer/").content.decode()
    page = refused(browser)
    assert "chain 1, not chain 369 (pulsechain)" in errors(page)["costs"]
    assert [attrs for _, attrs in Elements(page).found if attrs.get("name") == "force"]
    assert send(browser, force="1").status_code == 302
    assert "not on PDAI/DAI" in Study.objects.get().source["costs"]["compared"]
