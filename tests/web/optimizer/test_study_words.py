"""What a study's page says of its days, its walk-forward and its percentages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from django.test import Client

from optimizer.domain.study.stretches import stretches_cut, walk_forward_sentence
from optimizer.models import Study, WindowMetrics
from tests.oracles import paths
from tests.web.optimizer.reading import best
from tests.web.test_pages import text


def test_the_page_says_which_days_its_windows_and_its_holdout_are(
    browser: Client, study: Study
) -> None:
    assert "count back from" not in browser.get(f"/optimizer/{study.pk}/").content.decode()
    times = paths.path(3, 1500).open_time
    made = stretches_cut(times, paths.STEP_MS, study.windows, 0.2)
    study.manifest["stretches"] = made.as_json()
    study.save()
    page = text(browser.get(f"/optimizer/{study.pk}/").content.decode())
    assert [label for label, _ in made.lines] == ["1d", "2d", "all", "holdout"]
    for label, days in made.lines:
        assert f"{label} {days}" in page
    assert "windows count back from where the holdout begins" in page


@pytest.mark.parametrize("state", ["running", "finished", "cancelled"])
def test_the_walk_forward_says_who_takes_part_in_every_state(
    browser: Client, study: Study, state: str
) -> None:
    study.settings["embargo_days"] = 3.0
    study.status = state
    if state != "finished":
        study.luck = {}
    study.save()
    page = text(browser.get(f"/optimizer/{study.pk}/").content.decode())
    assert walk_forward_sentence(3.0) in page
    assert "3 days left out between" in page
    assert "the best trial of each stretch" not in page


def test_the_form_says_where_windows_count_back_from(browser: Client, data_dir: Path) -> None:
    page = text(browser.get("/optimizer/").content.decode())
    assert "Days back from where the holdout begins" in page


def test_astronomical_returns_are_shortened_wherever_a_page_shows_them(
    browser: Client, study: Study
) -> None:
    number = best(study)
    row = WindowMetrics.objects.get(trial__study=study, trial__number=number, window="all")
    packed = np.frombuffer(row.packed).copy()
    packed[0] = row.total_return_pct = 4.8841963e16
    row.packed = packed.tobytes()
    row.save()
    for path in ("", f"{study.pk}/", f"{study.pk}/trials/{number}/"):
        page = browser.get(f"/optimizer/{path}").content.decode()
        assert "+4.9 × 10^16\u202f%" in page, path
        assert "48\u202f841" not in page, path
