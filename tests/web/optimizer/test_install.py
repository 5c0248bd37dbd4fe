"""Installing a trial as a ghost bot from its row."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.test import Client

from dashboard.pages.trial.views import REASON_MAX
from optimizer.models import Study
from tests import factories as make
from tests.web.optimizer.reading import grow
from tests.web.test_pages import text
from trading.desk.models import ConfigRevision


def test_installing_says_what_it_does_and_keeps_who_and_why(
    browser: Client, study: Study, data_dir: Path
) -> None:
    number = study.trials.filter(strategy="donchian_champion", status="ok")[0].number
    make.luck(study, number)
    address = f"/optimizer/{study.pk}/trials/{number}/install/"
    form = text(browser.get(address, headers={"X-Panel": "1"}).content.decode())
    assert "A new ghost bot trades donchian champion on pulsex PDAI/DAI 5m with 1" in form
    said = "What scrutiny says of its return: explained by luck, charged for"
    assert said in form
    assert "It lost 8.20 % on the holdout." in form
    answer = browser.post(
        address, {"name": "donna", "reason": "the test says so"}, headers={"X-Panel": "1"}
    )
    assert answer.status_code == 200
    assert "Ghost bot donna is installed." in text(answer.content.decode())
    revision = ConfigRevision.objects.latest("id")
    assert (revision.author, revision.reason) == ("sven", "the test says so")
    assert "donna" in json.dumps(revision.overrides)


def test_installing_says_where_the_desk_trades_less_than_the_search(
    browser: Client, study: Study, data_dir: Path
) -> None:
    page = asked(browser, study, 0)
    assert (
        "Unlike the search, a desk refuses entries on bars that its data checks quarantine as "
        "outliers, and before it has the history to be warm for the strategy."
    ) in page


def test_an_installed_trial_names_its_bot_instead_of_offering_itself_again(
    browser: Client, study: Study, data_dir: Path
) -> None:
    numbers = study.trials.filter(strategy="donchian_champion", status="ok")
    number, other = numbers[0].number, numbers[1].number
    install = f"/optimizer/{study.pk}/trials/{{}}/install/"
    answer = browser.post(install.format(number), {"name": "donna", "reason": "why not"})
    assert answer.status_code == 302
    page = browser.get(f"/optimizer/{study.pk}/").content.decode()
    assert install.format(number) not in page
    assert install.format(other) in page
    assert "installed: donna" in page
    side = text(browser.get(f"/optimizer/{study.pk}/trials/{number}/").content.decode())
    assert "Installed as the ghost bot donna" in side
    assert "Install as ghost" not in side
    Study.objects.filter(pk=study.pk).update(trade_size=500)  # that would be another bot
    assert install.format(number) in browser.get(f"/optimizer/{study.pk}/").content.decode()


def asked(browser: Client, study: Study, number: int) -> str:
    address = f"/optimizer/{study.pk}/trials/{number}/install/"
    return text(browser.get(address, headers={"X-Panel": "1"}).content.decode())


def reason(browser: Client, study: Study, number: int) -> str:
    page = browser.get(f"/optimizer/{study.pk}/trials/{number}/install/").content.decode()
    found = re.search(r'id="order-reason"[^>]*value="([^"]*)"', page)
    assert found
    return found[1]


def test_the_form_charges_a_survivor_for_the_trials_made_since(
    browser: Client, study: Study, data_dir: Path
) -> None:
    make.luck_survived(study, 0, 200)
    grow(study, 200)
    said = "What scrutiny says of its return: survives, charged for 200 trials."
    assert said in asked(browser, study, 0)
    assert reason(browser, study, 0).endswith("survives, charged for 200 trials")
    grow(study, 26_400)
    page = asked(browser, study, 0)
    said = "not proven, charged for 26\u202f400 trials"
    assert f"What scrutiny says of its return: {said}. The deflated Sharpe ratio is" in page
    assert "after 26\u202f400 trials it takes" in page
    assert reason(browser, study, 0).endswith(said)
    grow(study, 10**8)
    page = asked(browser, study, 0)
    said = "explained by luck, charged for 100\u202f000\u202f000 trials"
    assert f"What scrutiny says of its return: {said}. Luck suffices: the best of" in page


def test_the_form_says_at_how_many_trials_an_old_verdict_was_found(
    browser: Client, study: Study, data_dir: Path
) -> None:
    make.luck_open(study, 0, 200)
    grow(study, 26_400)
    words = "not proven when 200 of the 26\u202f400 trials on these candles were made"
    assert f"What scrutiny says of its return: {words}. It was examined by" in asked(
        browser, study, 0
    )
    assert reason(browser, study, 0).endswith(words)
    assert len(reason(browser, study, 0)) <= REASON_MAX


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"name": "donna", "reason": ""}, "Say why in a few words"),
        ({"name": "donna", "reason": "x" * 301}, "The reason was 301 characters long"),
        ({"name": "Donna!", "reason": "why not"}, "bot name was 'Donna!'"),
    ],
)
def test_an_installation_that_cannot_be_is_refused_with_its_reason(
    browser: Client, study: Study, data_dir: Path, typed: dict[str, str], why: str
) -> None:
    number = study.trials.filter(strategy="donchian_champion", status="ok")[0].number
    address = f"/optimizer/{study.pk}/trials/{number}/install/"
    response = browser.post(address, typed, headers={"X-Panel": "1"})
    assert response.status_code == 422
    page = text(response.content.decode())
    assert why in page
    assert not ConfigRevision.objects.exists()


def test_a_trial_of_a_nameless_file_cannot_be_installed(
    browser: Client, study: Study, data_dir: Path
) -> None:
    Study.objects.filter(pk=study.pk).update(source={"market": "x.csv", "quote": ""})
    address = f"/optimizer/{study.pk}/trials/0/install/"
    response = browser.post(address, {"name": "donna", "reason": "why not"})
    assert response.status_code == 422
    assert "does not say which venue, pair and timeframe it is of" in text(
        response.content.decode()
    )
