"""The cache on disk: whole or absent, an unfinished refresh beside it, one refresh at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from trading.base.adapters.atomic import write_atomic
from trading.base.domain.errors import BadInputError, VenueUnavailableError
from trading.market.adapters.quotes_file import SwapCostFile

CACHE = {"metadata": {"chain_id": 369}, "entries": {"5000": {"derived": {"loss_rate": "0.1"}}}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "swap_cost_cache.json"


@pytest.fixture
def store(path: Path) -> SwapCostFile:
    return SwapCostFile(path, write_atomic=write_atomic)


def test_there_is_nothing_at_first(store: SwapCostFile, path: Path) -> None:
    assert store.load() is None
    assert store.load_unfinished() is None
    assert store.name == str(path)


def test_a_finished_cache_replaces_the_unfinished_refresh(store: SwapCostFile, path: Path) -> None:
    store.save_unfinished({"entries": {}})
    assert store.load_unfinished() == {"entries": {}}
    assert store.load() is None
    store.replace(CACHE)
    assert store.load() == CACHE
    assert store.load_unfinished() is None
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_a_file_that_is_no_json_is_refused_by_name(store: SwapCostFile, path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"entries": ')
    with pytest.raises(BadInputError, match=r"swap_cost_cache\.json' are not JSON"):
        store.load()


def test_a_folder_in_its_place_is_refused_by_name(store: SwapCostFile, path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(BadInputError, match="are a folder"):
        store.load()


def test_a_torn_unfinished_refresh_counts_as_none(store: SwapCostFile, path: Path) -> None:
    path.parent.mkdir()
    path.with_name(path.name + ".unfinished").write_text('{"entr')
    assert store.load_unfinished() is None


def test_the_times_of_requests_outlive_the_refresh(store: SwapCostFile, path: Path) -> None:
    assert store.load_requests() == []
    store.save_requests([1, 2])
    store.replace(CACHE)
    assert SwapCostFile(path, write_atomic=write_atomic).load_requests() == [1, 2]


@pytest.mark.parametrize("content", ["", "[1, ", "{}", "null", '["1", null, 1.5, true]'])
def test_damaged_times_say_nothing(store: SwapCostFile, path: Path, content: str) -> None:
    path.parent.mkdir()
    path.with_name(path.name + ".requests").write_text(content)
    assert store.load_requests() == []


def test_a_write_that_fails_leaves_the_old_cache(path: Path) -> None:
    def full(_path: Path, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    SwapCostFile(path, write_atomic=write_atomic).replace(CACHE)
    store = SwapCostFile(path, write_atomic=full)
    with pytest.raises(OSError, match="No space"):
        store.replace({"entries": {}})
    assert store.load() == CACHE


def test_a_second_refresh_is_kept_out(store: SwapCostFile, path: Path) -> None:
    other = SwapCostFile(path, write_atomic=write_atomic)
    with (
        store.lock(),
        pytest.raises(VenueUnavailableError, match="another process is refreshing"),
        other.lock(),
    ):
        pytest.fail("both refresh at once")
    with other.lock():
        assert path.parent.is_dir()
