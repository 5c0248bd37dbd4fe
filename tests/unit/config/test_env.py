"""The environment is read once, exactly, or refused with one line that names the value."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from config import env
from trading.base.domain.errors import ConfigError


def test_without_a_url_the_database_is_sqlite_in_the_data_folder(tmp_path: Path) -> None:
    settings = env.database({}, tmp_path)
    assert settings["ENGINE"] == "django.db.backends.sqlite3"
    assert settings["NAME"] == str(tmp_path / "guardian.sqlite3")
    assert settings["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in settings["OPTIONS"]["init_command"]


def test_a_postgres_url_is_taken_apart(tmp_path: Path) -> None:
    url = "postgres://ad%40min:p%2Fw@db.example:6543/desk%20one?sslmode=require"
    settings = env.database({"DATABASE_URL": url}, tmp_path)
    assert settings["ENGINE"] == "django.db.backends.postgresql"
    assert (settings["USER"], settings["PASSWORD"]) == ("ad@min", "p/w")
    assert (settings["HOST"], settings["PORT"], settings["NAME"]) == (
        "db.example",
        "6543",
        "desk one",
    )
    assert settings["OPTIONS"]["sslmode"] == "require"
    assert settings["OPTIONS"]["pool"]["max_size"] == 10
    assert settings["CONN_MAX_AGE"] == 0


def test_a_postgres_socket_folder_can_be_the_host(tmp_path: Path) -> None:
    url = "postgresql://root@/desk?host=/var/run/postgresql"
    settings = env.database({"DATABASE_URL": url}, tmp_path)
    assert settings["HOST"] == "/var/run/postgresql"
    assert "host" not in settings["OPTIONS"]


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("sqlite:///desk.db", "desk.db"),
        ("sqlite:////srv/desk.db", "/srv/desk.db"),
    ],
)
def test_sqlite_urls_name_relative_and_absolute_files(url: str, named: str, tmp_path: Path) -> None:
    assert env.database({"DATABASE_URL": url}, tmp_path)["NAME"] == named


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("mysql://root@localhost/desk", "mysql"),
        ("postgres://root@localhost", "names no database"),
        ("postgres://root@localhost:eighty/desk", "port"),
        ("postgres://root@localhost:99999/desk", "port"),
        ("postgres://u:p#w@localhost/desk", "%23"),
        ("postgres://u:p/w@localhost/desk", "%2F"),
        ("postgres://[::1/desk", "no address"),
        ("sqlite://", "sqlite:///path"),
        ("desk.db", "desk.db"),
    ],
)
def test_a_database_url_that_means_nothing_is_refused(url: str, word: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=word) as refused:
        env.database({"DATABASE_URL": url}, tmp_path)
    assert "\n" not in str(refused.value)


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("redis://:pw@cache:6379/2\n")
    assert env.redis_url({"REDIS_URL_FILE": str(secret)}) == "redis://:pw@cache:6379/2"


def test_a_value_and_its_file_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="both set"):
        env.env_text({"REDIS_URL": "redis://a", "REDIS_URL_FILE": str(tmp_path)}, "REDIS_URL")


def test_a_secret_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="absent"):
        env.env_text({"REDIS_URL_FILE": str(tmp_path / "absent")}, "REDIS_URL")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", "memory://"),
        ("redis://cache:6379/3", "redis://cache:6379/3"),
        ("unix://:a%2Fb@/run/r.sock?db=4", "redis+socket://:a%2Fb@/run/r.sock?virtual_host=4"),
        ("unix:///run/r.sock", "redis+socket:///run/r.sock?virtual_host=0"),
    ],
)
def test_celery_gets_the_same_redis_in_its_own_spelling(url: str, expected: str) -> None:
    assert env.celery_broker_url(url) == expected


def test_the_embedded_redis_is_used_only_without_another() -> None:
    assert env.redis_url({}, "unix:///r.sock") == "unix:///r.sock"
    assert env.redis_url({"REDIS_URL": "redis://x"}, "unix:///r.sock") == "redis://x"
    assert env.redis_url({}) == ""


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("amqp://localhost", "amqp"),
        ("redis://localhost:abc", "port"),
        ("redis://localhost:99999", "port"),
        ("redis://:se#cret@localhost:6379/0", "%23"),
        ("redis://:a/b@localhost:6379/0", "%2F"),
        ("redis://[::1", "no address"),
        ("redis://localhost?socket_timeout=soon", "socket_timeout"),
        ("redis://localhost?foo=1", "foo"),
    ],
)
def test_a_redis_url_that_means_nothing_is_refused(url: str, word: str) -> None:
    with pytest.raises(ConfigError, match=word) as refused:
        env.redis_url({"REDIS_URL": url})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("word", "value"), [("yes", True), ("0", False), ("", True), ("OFF", False)]
)
def test_yes_and_no_have_several_words(word: str, value: bool) -> None:
    assert env.env_bool({"X": word}, "X", default=True) is value


def test_an_unknown_yes_or_no_is_refused() -> None:
    with pytest.raises(ConfigError, match="maybe"):
        env.env_bool({"X": "maybe"}, "X", default=False)


@pytest.mark.parametrize("text", ["nine", "0", "11"])
def test_a_number_outside_its_range_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        env.env_int({"X": text}, "X", 5, low=1, high=10)


def test_the_secret_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    first = env.secret_key({}, tmp_path / "data")
    assert first == env.secret_key({}, tmp_path / "data")
    assert len(first) >= 32
    assert stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret_key"]


def test_a_named_key_file_is_never_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="absent"):
        env.secret_key({"GUARDIAN_SECRET_KEY_FILE": str(tmp_path / "absent")}, tmp_path)


def test_a_short_secret_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("short")
    with pytest.raises(ConfigError, match="5 signs"):
        env.secret_key({"GUARDIAN_SECRET_KEY_FILE": str(tmp_path / "key")}, tmp_path)


def test_the_data_folder_may_not_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="is a file"):
        env.data_dir({"GUARDIAN_DATA_DIR": str(tmp_path / "file")}, tmp_path)


def test_a_named_configuration_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml"):
        env.config_path({"GUARDIAN_CONFIG": "nowhere.yaml"}, tmp_path)
