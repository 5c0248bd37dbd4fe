"""What is wrong with the swap costs of a study stands at the head of its page and its report."""

from __future__ import annotations

from django.test import Client

from optimizer.bootstrap import report_renderer
from optimizer.models import Study
from tests import report_scene
from tests.web.test_pages import text

LINE = "swap costs 'x' were measured on PDAI/DAI, the candles are of ETH/BTC: every fill pays"


def test_the_page_of_a_study_says_it_in_its_head(browser: Client, study: Study) -> None:
    address = f"/optimizer/{study.pk}/"
    assert "Swap costs &#x27;x&#x27;" not in browser.get(address).content.decode()
    study.source = {**study.source, "costs": {"warnings": [LINE], "compared": "measured on"}}
    study.save()
    page = browser.get(address).content.decode()
    assert LINE.capitalize()[:10] in text(page)
    for part in (page, browser.get(f"{address}panels/?names=head").content.decode()):
        assert "the candles are of ETH/BTC" in part.partition('id="panel-body-progress"')[0]


def test_the_report_says_it_before_anything_else() -> None:
    study = report_scene.study()
    object.__setattr__(study.facts, "warnings", (LINE,))
    page = report_renderer().render(study, (), ()).decode()
    assert "the candles are of ETH/BTC" in page.partition('<section id="best">')[0]
    plain = report_renderer().render(report_scene.study(), (), ()).decode()
    assert 'role="note"' not in plain


def test_the_page_of_a_trial_says_what_its_annual_figures_are_of(
    browser: Client, study: Study
) -> None:
    address = f"/optimizer/{study.pk}/trials/0/"
    assert "candles are missing" not in browser.get(address).content.decode()
    line = "1,500 of 9,000 candles are missing (16.7 %) in the candles"
    study.source = {**study.source, "gaps": {"warnings": [line]}}
    study.save()
    for page in (address, f"/optimizer/{study.pk}/"):
        assert line in text(browser.get(page).content.decode())
