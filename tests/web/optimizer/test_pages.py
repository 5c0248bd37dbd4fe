"""What the optimizer's pages show."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from optimizer.domain.luck.sharpe import expected_maximum, luck_hurdle
from optimizer.domain.objectives import OBJECTIVES
from optimizer.models import Study
from optimizer.selectors.studies import study_get
from optimizer.selectors.trials import trial_get
from tests import factories as make
from tests.factories.desk import NOW
from tests.web.optimizer.reading import best, grow
from tests.web.test_pages import text

PANELS = (
    "head", "progress", "best", "ranked", "folds", "scrutiny", "speed", "manifest", "files", "strip"
)  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        "/optimizer/",
        "/optimizer/panels/?names=studies",
        "/optimizer/1/",
        "/optimizer/1/panels/?names=best",
        "/optimizer/1/pictures/",
        "/optimizer/1/trials/0/",
        "/optimizer/1/trials/0/install/",
        "/optimizer/1/cancel/",
    ],
)
def test_nothing_is_shown_to_strangers(client: Client, db: None, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=")


def test_an_empty_optimizer_says_what_would_fill_it(
    browser: Client, tmp_path: Path, settings: Any
) -> None:
    settings.DATA_DIR = tmp_path
    page = text(browser.get("/optimizer/").content.decode())
    assert "No study yet." in page
    assert "No candles are stored, so there is nothing to search." in page


def test_the_list_shows_progress_speed_best_return_and_luck(
    browser: Client, study: Study, data_dir: Path
) -> None:
    make.luck(study, best(study))
    page = text(browser.get("/optimizer/").content.decode())
    for words in (f"Study {study.pk}", "60 of 200", "412", "explained by luck", "random"):
        assert words in page


def test_the_form_says_what_each_sampler_costs(
    browser: Client, study: Study, data_dir: Path
) -> None:
    page = text(browser.get("/optimizer/").content.decode())
    assert "0.007 ms a trial (0.005 to 0.013): one covariance search per strategy" in page
    assert "0.37 ms (0.3 to 0.44): Optuna's tree-structured Parzen estimators" in page
    assert "PDAI/DAI 5m, pulsex" in page
    assert "4 rungs" in page


def test_the_page_of_a_study_shows_all_of_it(browser: Client, study: Study) -> None:
    make.luck(study, best(study))
    page = text(browser.get(f"/optimizer/{study.pk}/").content.decode())
    for words in (
        "47 complete, 12 pruned, 1 failed",
        "explained by luck",
        "It lost 8.20 % on the holdout.",
        "profit_biased and cps_v2 are one formula under two published names: they always agree.",
        "0.62 probability that the best of this search is no better",
        "0 of 2 steps earned where they were tested",
        "1 survives scrutiny, 2 are not proven, luck explains 6 of 9 examined trials",
        "60 trials ever made on these candles, by any study, deleted ones included; the best of as "
        "many without skill would show a yearly Sharpe ratio of 3.66",
        "this is look 2 at it",
        "290.5\u202fMiB",
        "0123456789ab",
        "No file yet.",
        "not examined",
    ):
        assert words in page


def test_the_hurdle_beside_the_trial_count_is_the_one_of_that_count(
    browser: Client, study: Study
) -> None:
    luck = {"n_searched": 200, "sharpe_hurdle": 2.81}
    Study.objects.filter(pk=study.pk).update(luck=study.luck | luck)
    make.luck_survived(study, best(study), 200)
    grow(study, 26_400)
    page = text(browser.get(f"/optimizer/{study.pk}/").content.decode())
    now = luck_hurdle((2.81 / expected_maximum(200)) ** 2, 26_400)
    for words in (
        "26\u202f400 trials ever made on these candles",
        f"the best of as many without skill would show a yearly Sharpe ratio of {now:.2f}",
        "When this search was examined there were 200, and the best of those would have shown 2.81",
        # the one of them that is stored is not proven any more
        "0 survive scrutiny, 1 is not proven, luck explains 6 of 7 examined trials, charged for "
        "every trial made by now",
        "after 26\u202f400 trials it takes",
    ):
        assert words in page
    assert f"{now:.2f}" != "2.81"


def test_verdicts_of_an_earlier_rule_say_so_and_at_how_many_trials_they_were_found(
    browser: Client, study: Study
) -> None:
    luck = {"n_searched": 200, "sharpe_hurdle": 2.81}
    Study.objects.filter(pk=study.pk).update(luck=study.luck | luck)
    make.luck_open(study, best(study), 200)
    grow(study, 26_400)
    page = text(browser.get(f"/optimizer/{study.pk}/").content.decode())
    assert "not proven" in page
    assert "It was examined by an earlier rule." in page
    assert 'title="judged when 200 of 26' in browser.get("/optimizer/").content.decode()
    side = text(browser.get(f"/optimizer/{study.pk}/trials/{best(study)}/").content.decode())
    assert "200 trials on these candles, when it was examined; 26\u202f400 were made by now" in side


def test_the_panel_of_a_trial_begins_with_the_window_that_ranks(
    browser: Client, study: Study
) -> None:
    number = best(study)
    make.luck(study, number)
    page = browser.get(f"/optimizer/{study.pk}/trials/{number}/").content.decode()
    heads = re.findall(r'<th scope="col" class="num">(\w+)</th>', page)
    assert heads == ["all", "1d", "2d"]
    first = re.search(r'<th scope="row">Trades</th>\s*<td class="num">\s*(\d+)\s*</td>', page)
    assert first
    detail = trial_get(study_get(study.pk, NOW), number)
    assert int(first[1]) == detail.windows["all"]["num_trades"]
    assert "What scrutiny measured on all" in page


def test_the_manifest_panel_leaves_the_figures_of_runs_to_theirs(
    browser: Client, study: Study
) -> None:
    study.manifest["runs"] = [{"owner": "host:1", "elapsed_s": 1.0}, {"owner": "host:2"}]
    study.save()
    page = text(browser.get(f"/optimizer/{study.pk}/").content.decode())
    assert "Of all 2 runs together; the manifest file has those of each." in page
    assert "host:1" not in page


def test_the_table_stands_in_the_order_of_returns(browser: Client, study: Study) -> None:
    page = browser.get(f"/optimizer/{study.pk}/").content.decode()
    table = page[page.index('id="ranked-table"') : page.index("</table>", page.index("ranked-ta"))]
    gains = [
        float(v) for v in re.findall(r'<td class="num \w+" data-value="(\S+)">\s*[+−0]', table)
    ]
    numbers = re.findall(r'data-trial="(\d+)"', table)
    assert len(numbers) == 47
    assert int(numbers[0]) == best(study)
    assert 'data-sorted="Return"' in page
    assert gains


def test_the_page_carries_no_inline_script_or_handler(browser: Client, study: Study) -> None:
    page = browser.get(f"/optimizer/{study.pk}/").content.decode()
    for tag, body in re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL):
        assert "src=" in tag, body[:80]
    assert not re.search(r"\son[a-z]+=", page)
    assert " style=" not in page


@pytest.mark.parametrize("path", ["/optimizer/", "/optimizer/{}/"])
def test_every_label_points_at_something_that_exists(
    browser: Client, study: Study, data_dir: Path, path: str
) -> None:
    page = browser.get(path.format(study.pk)).content.decode()
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids)), "an id was used twice"
    for names in re.findall(r'(?:aria-(?:labelledby|controls|describedby)|for)="([^"]+)"', page):
        for name in names.split():
            assert name in ids or name in {"control-title"}, name
    for icon in re.findall(r'<use href="#([^"]+)"', page):
        assert icon in ids


def test_panels_come_as_fragments_for_their_place(browser: Client, study: Study) -> None:
    page = browser.get(f"/optimizer/{study.pk}/panels/", {"names": ",".join(PANELS)})
    found = re.findall(
        r'<div id="panel-body-(\w+)" hx-swap-oob="innerHTML">', page.content.decode()
    )
    assert found == list(PANELS)
    refused = browser.get(f"/optimizer/{study.pk}/panels/?names=best,secrets")
    assert refused.status_code == 400
    assert b"names held 'secrets'" in refused.content


def test_pictures_are_by_strategy_the_best_first(browser: Client, study: Study) -> None:
    answer = browser.get(f"/optimizer/{study.pk}/pictures/").json()
    names = list(answer["strategies"])
    assert names[0] == study.trials.get(number=best(study)).strategy
    figure = answer["strategies"][names[0]]
    assert figure["importance"]["data"][0]["type"] == "bar"
    assert figure["parallel"]["data"][0]["dimensions"][0]["label"] == study.objectives[0]
    assert len(answer["folds"]["data"][0]["x"]) == 2
    empty = browser.get(f"/optimizer/{make.study().pk}/pictures/").json()
    assert empty["strategies"] == {}
    assert "No complete trial yet" in empty["empty"]


def test_one_trial_has_its_own_address_alone_and_as_a_panel(browser: Client, study: Study) -> None:
    number = best(study)
    make.luck(study, number)
    address = f"/optimizer/{study.pk}/trials/{number}/"
    alone = browser.get(address).content.decode()
    panel = browser.get(address, headers={"X-Panel": "1"}).content.decode()
    for page in (text(alone), text(panel)):
        assert "It lost 8.20 % on the holdout." in page
        assert "Buy and hold" in page
        assert "777 trials on these candles" in page
    assert "<html" in alone
    assert "<html" not in panel


def test_a_failed_trial_says_why_and_offers_nothing(browser: Client, study: Study) -> None:
    page = text(browser.get(f"/optimizer/{study.pk}/trials/7/").content.decode())
    assert "no_such" in page
    assert "Install as ghost" not in page


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/optimizer/999/", "no study 999"),
        ("/optimizer/{}/trials/999/", "no trial 999"),
        ("/optimizer/{}/explode/", "expected cancel, resume"),
    ],
)
def test_what_does_not_exist_is_not_found(
    browser: Client, study: Study, path: str, why: str
) -> None:
    response = browser.get(path.format(study.pk))
    assert response.status_code == 404
    assert why in str(response.context["exception"])


@pytest.mark.parametrize("number", [10**8, 10**30])
def test_a_number_no_trial_can_have_is_not_that_of_another_study_s_trial(
    browser: Client, study: Study, number: int
) -> None:
    first = make.study()
    Study.objects.filter(pk=first.pk).update(id=study.pk - 1)
    for path in ("", "install/"):
        answer = browser.get(f"/optimizer/{study.pk - 1}/trials/{number}/{path}")
        assert answer.status_code == 404


def test_one_look_at_a_study_asks_the_database_a_bounded_number_of_times(
    browser: Client, study: Study, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(40):
        browser.get(f"/optimizer/{study.pk}/")


def test_every_objective_may_be_chosen(browser: Client, data_dir: Path) -> None:
    page = browser.get("/optimizer/").content.decode()
    for name in OBJECTIVES:
        assert f'name="objectives" value="{name}"' in page
