"""The figures of a study's head and panels say what they are of, with the digits they have."""

from __future__ import annotations

from typing import Any

from django.test import Client

from optimizer.models import Study
from tests.web.test_pages import text


def page_of(browser: Client, study: Study, **changes: Any) -> str:
    Study.objects.filter(pk=study.pk).update(**changes)
    return text(browser.get(f"/optimizer/{study.pk}/").content.decode())


def test_a_holdout_of_half_a_percent_is_not_nought(browser: Client, study: Study) -> None:
    page = page_of(browser, study, settings={**study.settings, "holdout_share": 0.005})
    assert "Holdout 0.5\u202f% of the newest candles" in page


def test_a_trade_size_of_next_to_nothing_is_not_nought(browser: Client, study: Study) -> None:
    assert "trade size 0.000001\u202fDAI," in page_of(browser, study, trade_size="0.000001")


def test_the_time_a_cancelled_study_took_names_no_scrutiny(browser: Client, study: Study) -> None:
    manifest = {**study.manifest, "runs": [{"elapsed_s": 30.0}, {"elapsed_s": 25.2}]}
    page = page_of(
        browser, study, status="cancelled", manifest=manifest, figures={"elapsed_s": 55.2}
    )
    assert "Took 55\u202fs all 2 runs together, until it was cancelled" in page


def test_hundreds_of_windows_do_not_fill_the_head(browser: Client, study: Study) -> None:
    days = {"from": "2025-01-01T00:00:00Z", "to": "2025-04-13T00:00:00Z"}
    windows = [*(f"{n}d" for n in range(1, 297)), "1d", "2d", "all"]
    stretches = {"windows": dict.fromkeys(windows, days), "holdout": days}
    page = page_of(
        browser, study, windows=windows, manifest={**study.manifest, "stretches": stretches}
    )
    head = page[page.index("strategies, windows") : page.index("windows count back")]
    assert "1d, 2d, 3d, 4d, 294 more, and all" in head
    assert "and 294 more windows all 2025-01-01 to 2025-04-12 holdout" in head
    assert len(head) < 500


def test_panels_of_a_live_study_say_at_how_many_trials_they_were_taken(
    browser: Client, study: Study
) -> None:
    page = page_of(browser, study, owner="worker@host:1")
    assert "At 60 trials." in page
    assert "highest returns on the window all of the first 60 trials" in page
    assert "scrutiny comes when the search ends" in page
    ended = page_of(browser, study, status="cancelled")
    assert "None was examined, so any of them may be luck." in ended
    assert "At 60 trials." not in ended
    assert "highest returns on the window all of the 60 trials" in ended
