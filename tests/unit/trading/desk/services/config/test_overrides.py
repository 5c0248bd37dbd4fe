"""Overrides are validated whole, appended with who, when, why and what, and can be rolled back."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connections
from pytest_django import Settings

from tests.fakes.clock import FakeClock
from tests.fakes.config_folder import ConfigFolder
from trading.desk.models import ConfigRevision
from trading.desk.services.config.overrides import (
    config_rollback,
    current_config,
    current_overrides,
    current_revision_number,
    override_set,
)
from trading.desk.services.config.problems import (
    InvalidConfigError,
    NothingChangedError,
    StaleRevisionError,
    UnknownRevisionError,
)

RATIO, GUARD = "policy.savings.ratio", "policy.savings.fee_guard"
CLOCK = FakeClock()


@pytest.fixture(autouse=True)
def desk(folder: ConfigFolder, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> ConfigFolder:
    """Point the desk at the test's own configuration."""
    settings.CONFIG_PATH = folder.root
    monkeypatch.delenv("GUARDIAN_PROFILE", raising=False)
    return folder


def change(**options: object) -> ConfigRevision:
    given = {"reason": "a test", "author": "anna", "clock": CLOCK, **options}
    return override_set(**given)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_a_change_is_kept_with_who_when_why_and_what() -> None:
    revision = change(changes={RATIO: "0.2"}, reason=" save more ")
    assert (revision.number, revision.author, revision.reason) == (1, "anna", "save more")
    assert revision.created_at == CLOCK.now()
    assert revision.overrides == {RATIO: "0.2"}
    assert revision.diff == {RATIO: ["0.15", "0.2"]}
    assert revision.rolled_back_to is None
    assert current_revision_number() == 1
    resolved = current_config()
    assert resolved.policy.savings.ratio == Decimal("0.2")
    assert resolved.origins[RATIO] == "database revision 1"


@pytest.mark.django_db
def test_before_the_first_change_the_files_decide() -> None:
    assert (current_revision_number(), current_overrides()) == (0, {})
    assert current_config().policy.savings.ratio == Decimal("0.15")


@pytest.mark.django_db
def test_later_changes_are_laid_over_earlier_ones_and_none_takes_one_back() -> None:
    change(changes={RATIO: Decimal("0.20")})
    change(changes={"policy": {"savings": {"fee_guard": 3}, "risk": {"loss_streak": "5"}}})
    assert current_overrides() == {RATIO: "0.20", GUARD: "3", "policy.risk.loss_streak": 5}
    last = change(changes={RATIO: None})
    assert last.overrides == {GUARD: "3", "policy.risk.loss_streak": 5}
    assert last.diff == {RATIO: ["0.20", "0.15"]}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({RATIO: "0.9"}, "the change: policy.savings.ratio was '0.9'; expected 0 to 0.5 ratio; "
         "the nearest is 0.5"),
        ({RATIO: float("nan")}, "the change: policy.savings.ratio was nan; expected a number"),
        ({"policy.savings.rato": 1}, "the change: policy.savings.rato is not a setting; "
                                     "did you mean policy.savings.ratio?"),
        ({"policy": {"savngs": {"ratio": 1}}}, "the change: policy.savngs is not a setting; "
                                               "did you mean policy.savings?"),
        ({"policy.savings.window": 10}, "policy.savings.min_closes was 16; "
                                        "expected at most window 10"),
        ({"profile": "wild"}, "the change: profile was 'wild'; expected one of none"),
        ({"": 1}, "the change: '' is not a dotted key"),
        ({"market.pairs": ["BTC"]}, "the change: market.pairs: pair was 'BTC'; "
                                    "expected BASE/QUOTE, such as BTC/USDT"),
    ],
)  # fmt: skip
def test_a_bad_change_gives_one_line_and_changes_nothing(changes: dict, line: str) -> None:
    change(changes={GUARD: 2})
    before = list(ConfigRevision.objects.values())
    with pytest.raises(InvalidConfigError) as caught:
        change(changes=changes)
    assert str(caught.value) == line
    assert list(ConfigRevision.objects.values()) == before


@pytest.mark.django_db
@pytest.mark.parametrize("words", [{"reason": " "}, {"author": ""}, {"reason": "x" * 301}])
def test_a_change_without_reason_or_author_is_refused(words: dict[str, str]) -> None:
    with pytest.raises(InvalidConfigError, match="expected 1 to"):
        change(changes={RATIO: "0.2"}, **words)
    assert not ConfigRevision.objects.exists()


@pytest.mark.django_db
def test_the_same_value_again_is_no_new_revision() -> None:
    change(changes={RATIO: "0.2"})
    with pytest.raises(NothingChangedError):
        change(changes={RATIO: "0.2"})
    assert current_revision_number() == 1


@pytest.mark.django_db
def test_a_change_made_on_an_older_revision_is_refused() -> None:
    change(changes={RATIO: "0.2"})
    with pytest.raises(StaleRevisionError, match=r"revision 1 after 0"):
        change(changes={GUARD: 2}, expected_number=0)
    assert change(changes={GUARD: 2}, expected_number=1).number == 2


@pytest.mark.django_db
def test_a_profile_can_be_chosen_and_the_diff_shows_what_that_means(desk: ConfigFolder) -> None:
    desk.write("profiles/calm.yaml", "policy: {risk: {loss_streak: 2}}\n")
    revision = change(changes={"profile": "calm"})
    assert revision.diff == {"policy.risk.loss_streak": [4, 2], "profile": ["none", "calm"]}


@pytest.mark.django_db
def test_a_variable_of_this_process_does_not_hide_the_change_from_the_history(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GUARDIAN__POLICY__SAVINGS__RATIO", "0.3")
    assert change(changes={RATIO: "0.2"}).diff == {RATIO: ["0.15", "0.2"]}
    assert current_config().policy.savings.ratio == Decimal("0.3")


@pytest.mark.django_db
def test_rolling_back_restores_the_overrides_as_a_new_revision() -> None:
    change(changes={RATIO: "0.2"})
    change(changes={RATIO: "0.3", GUARD: "2"})
    back = config_rollback(number=1, reason="too much", author="ben", clock=CLOCK)
    assert (back.number, back.rolled_back_to, back.overrides) == (3, 1, {RATIO: "0.2"})
    assert back.diff == {RATIO: ["0.3", "0.2"], GUARD: ["2", "1.89"]}
    cleared = config_rollback(number=0, reason="all of it", author="ben", clock=CLOCK)
    assert (cleared.number, cleared.overrides) == (4, {})
    assert ConfigRevision.objects.count() == 4


@pytest.mark.django_db
def test_rolling_back_to_what_is_in_force_or_never_was_is_refused() -> None:
    change(changes={RATIO: "0.2"})
    for number, error in ((1, NothingChangedError), (7, UnknownRevisionError)):
        with pytest.raises(error):
            config_rollback(number=number, reason="x", author="ben", clock=CLOCK)
    assert current_revision_number() == 1


@pytest.mark.django_db
def test_rolling_back_to_what_is_not_valid_any_more_is_refused() -> None:
    old = {"policy.retired": 1}
    ConfigRevision.objects.create(
        number=1, overrides=old, reason="x", author="y", created_at=CLOCK.now()
    )
    ConfigRevision.objects.create(number=2, reason="x", author="y", created_at=CLOCK.now())
    with pytest.raises(InvalidConfigError, match=r"policy\.retired is not a setting"):
        config_rollback(number=1, reason="x", author="ben", clock=CLOCK)
    assert current_revision_number() == 2


@pytest.mark.django_db
def test_an_override_that_is_not_valid_any_more_can_be_taken_back() -> None:
    ConfigRevision.objects.create(
        number=1, overrides={"policy.retired": 1, RATIO: "0.2"}, reason="x", author="y",
        created_at=CLOCK.now(),
    )  # fmt: skip
    with pytest.raises(InvalidConfigError, match=r"^revision 1: policy\.retired"):
        current_config()
    revision = change(changes={"policy.retired": None})
    assert revision.overrides == {RATIO: "0.2"}
    assert revision.diff == {"policy.retired": [1, None]}


@pytest.mark.django_db
def test_polling_the_revision_costs_one_query(django_assert_num_queries: object) -> None:
    change(changes={RATIO: "0.2"})
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert current_revision_number() == 1


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_changes_made_at_the_same_moment_are_all_kept_one_after_the_other() -> None:
    keys = [RATIO, GUARD, "policy.savings.dust", "policy.savings.transfer_fixed"]
    start = threading.Barrier(len(keys))

    def work(key: str) -> int:
        try:
            start.wait(10)
            return change(changes={key: "0.25"}).number
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(keys)) as pool:
        numbers = list(pool.map(work, keys))
    assert sorted(numbers) == [1, 2, 3, 4]
    assert current_revision_number() == 4
    assert current_overrides() == dict.fromkeys(sorted(keys), "0.25")
