"""Read the environment, the only place that does; a bad value is one clear line.

Which variables exist is fixed by the README's table. Every reader takes the mapping it reads
from, so that tests need no real environment. A secret ``X`` may also be given as ``X_FILE``,
the path of a file that holds it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from trading.base.domain.errors import ConfigError
from trading.base.domain.numbers import whole_number

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})
POSTGRES_SCHEMES = frozenset({"postgres", "postgresql"})
REDIS_SCHEMES = frozenset({"redis", "rediss", "unix"})

# One writer at a time (IMMEDIATE takes the write lock at BEGIN, so that waiting happens there
# and not as a failed upgrade in the middle), readers never wait (WAL).
SQLITE_OPTIONS: dict[str, Any] = {
    "timeout": 5,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
}
# psycopg 3 pool, one per process; Django wants persistent connections off beside it.
POSTGRES_POOL: dict[str, Any] = {"min_size": 2, "max_size": 10, "timeout": 5, "max_lifetime": 1800}


def env_text(environ: Mapping[str, str], name: str, default: str = "") -> str:
    """Return the value, the content of the file named by ``<name>_FILE``, or the default.

    Raises:
        ConfigError: both are given, or the file cannot be read.
    """
    value, file_name = environ.get(name, ""), environ.get(f"{name}_FILE", "")
    if value and file_name:
        raise ConfigError(f"{name} and {name}_FILE are both set; keep one of them")
    if file_name:
        try:
            return Path(file_name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{name}_FILE was {file_name!r}, which cannot be read: {error}"
            ) from error
    return value or default


def env_bool(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    """Return a yes/no value.

    Raises:
        ConfigError: the word is neither.
    """
    word = environ.get(name, "").strip().lower()
    if not word:
        return default
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise ConfigError(f"{name} was {environ[name]!r}; expected true or false")


def env_int(environ: Mapping[str, str], name: str, default: int, *, low: int, high: int) -> int:
    """Return a whole number from ``low`` to ``high``.

    Raises:
        ConfigError: not a whole number, or outside the range.
    """
    text = environ.get(name, "").strip()
    try:
        number = whole_number(text) if text else default
    except ValueError:
        raise ConfigError(f"{name} was {text!r}; expected a whole number") from None
    if not low <= number <= high:
        raise ConfigError(f"{name} was {number}; expected {low} to {high}")
    return number


def env_list(environ: Mapping[str, str], name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Return the comma-separated words, blanks dropped."""
    words = [word.strip() for word in environ.get(name, "").split(",")]
    return [word for word in words if word] or list(default)


def data_dir(environ: Mapping[str, str], base: Path) -> Path:
    """Return the absolute folder of everything the desk writes, ``./var`` unless told otherwise.

    Raises:
        ConfigError: the path exists and is not a folder.
    """
    path = Path(environ.get("GUARDIAN_DATA_DIR") or base / "var").expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise ConfigError(
            f"GUARDIAN_DATA_DIR was {str(path)!r}, which is a file; expected a folder"
        )
    return path


def config_path(environ: Mapping[str, str], base: Path) -> Path:
    """Return the root of the layered YAML configuration.

    Raises:
        ConfigError: a file was named and does not exist.
    """
    named = environ.get("GUARDIAN_CONFIG", "")
    path = Path(named).expanduser().absolute() if named else base / "config" / "desk.yaml"
    if named and not path.is_file():
        raise ConfigError(f"GUARDIAN_CONFIG was {named!r}; there is no such file")
    return path


def secret_key(environ: Mapping[str, str], data: Path) -> str:
    """Return Django's secret key; the first caller writes one into the data folder, mode 0600.

    Raises:
        ConfigError: the key file cannot be read, cannot be made, or holds too little.
    """
    named = environ.get("GUARDIAN_SECRET_KEY_FILE", "")
    path = Path(named) if named else data / "secret_key"
    try:
        if not named and not path.exists():
            _create_key(path)
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the secret key file {str(path)!r} cannot be used: {error}") from error
    if len(key) < 32:
        raise ConfigError(
            f"the secret key in {str(path)!r} has {len(key)} signs; expected 32 or more"
        )
    return key


def _create_key(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # the database lies beside it
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(secrets.token_urlsafe(48))
    try:
        os.link(draft, path)  # atomic, and keeps the key of whoever came first
    except FileExistsError:
        pass  # another process was first; its key is read next
    finally:
        draft.unlink()


def database(environ: Mapping[str, str], data: Path) -> dict[str, Any]:
    """Return Django's settings of the one database.

    ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or
    ``postgres://user:password@host:5432/name?sslmode=require``; a host that begins with a
    slash (``?host=/var/run/postgresql``) is a socket folder. Unset means SQLite in the data
    folder.

    Raises:
        ConfigError: the URL cannot be understood.
    """
    url = env_text(environ, "DATABASE_URL")
    if not url:
        return _sqlite(str(data / "guardian.sqlite3"))
    parts = _url_split("DATABASE_URL", url)
    if parts.scheme == "sqlite":
        # all of it is the path: a folder may be called "a #1"
        name = unquote(url.removeprefix("sqlite:///"))
        if not name or name == unquote(url) or "?" in url:
            raise ConfigError(f"DATABASE_URL was {url!r}; expected sqlite:///path/to/file")
        return _sqlite(name)
    if parts.scheme in POSTGRES_SCHEMES:
        return _postgres(url)
    raise ConfigError(
        f"DATABASE_URL began with {parts.scheme or url[:12]!r}; expected sqlite:// or postgres://"
    )


def _sqlite(name: str) -> dict[str, Any]:
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "OPTIONS": dict(SQLITE_OPTIONS)}


def _postgres(url: str) -> dict[str, Any]:
    parts, port = _server_url("DATABASE_URL", url)
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise ConfigError("DATABASE_URL names no database; expected postgres://user@host/name")
    options: dict[str, Any] = {"connect_timeout": "5", **dict(parse_qsl(parts.query))}
    host = options.pop("host", None) or unquote(parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port or ""),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": False,  # the pool tests a connection before lending it
        "OPTIONS": {**options, "pool": dict(POSTGRES_POOL)},
        "DISABLE_SERVER_SIDE_CURSORS": True,  # safe behind a pooler in transaction mode
    }


def redis_url(environ: Mapping[str, str], embedded: str = "") -> str:
    """Return the Redis to use: ``REDIS_URL``, else the running embedded one, else nothing.

    Raises:
        ConfigError: the URL is of another kind.
    """
    url = env_text(environ, "REDIS_URL")
    if not url:
        return embedded
    scheme = _url_split("REDIS_URL", url).scheme
    if scheme not in REDIS_SCHEMES:
        raise ConfigError(
            f"REDIS_URL began with {scheme or url[:12]!r}; expected redis://, rediss:// or unix://"
        )
    if scheme != "unix":
        _server_url("REDIS_URL", url)
    _redis_check(url)
    return url


def _redis_check(url: str) -> None:
    """Refuse what the client would only find when it connects: a word for a number, an option."""
    import redis

    try:
        pool = redis.ConnectionPool.from_url(url)
        pool.connection_class(**pool.connection_kwargs)
    except ValueError as error:
        raise ConfigError(f"REDIS_URL cannot be used: {error}") from None
    except TypeError as error:  # the client's own words end with the option's name
        option = str(error).rpartition(" ")[2]
        raise ConfigError(f"REDIS_URL has the option {option}, which is none of Redis") from None


def _url_split(name: str, url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise ConfigError(f"{name} is no address: {error}") from None


def _server_url(name: str, url: str) -> tuple[SplitResult, int | None]:
    """Return the parts and the port; what else a sign in a password makes of them is refused."""
    parts = _url_split(name, url)
    if "#" in url:  # first: what stands before it reads as a port
        raise ConfigError(f"{name} holds a #; within a password it is written %23")
    try:
        return parts, parts.port
    except ValueError:
        raise ConfigError(
            f"{name} has a port that is not a number from 0 to 65535; within a password / is "
            "written %2F and ? is %3F"
        ) from None


def celery_broker_url(url: str) -> str:
    """Return the same Redis in Celery's spelling; without one, an in-process broker."""
    if not url:
        return "memory://"
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    number = dict(parse_qsl(parts.query)).get("db", "0")
    userinfo = parts.netloc.rpartition("@")[0]
    return f"redis+socket://{userinfo + '@' if userinfo else ''}{parts.path}?virtual_host={number}"
