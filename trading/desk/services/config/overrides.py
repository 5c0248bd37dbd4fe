"""Keep what operators change: append-only revisions, each the complete set of overrides.

A change is validated as part of the whole configuration before anything is written, so a revision
that exists was valid when it was made. Sessions poll ``current_revision_number`` (one indexed row)
at each bar and read the configuration again when it moved.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeVar

from django.conf import settings
from django.db import IntegrityError, OperationalError, ProgrammingError, connection, transaction

from trading.base.ports.clock import Clock
from trading.desk.models import ConfigRevision
from trading.desk.services.config.layers import NO_PROFILE, PROFILE_KEY
from trading.desk.services.config.loading import ResolvedConfig, config_leaves, config_load
from trading.desk.services.config.problems import (
    InvalidConfigError,
    NothingChangedError,
    Problem,
    StaleRevisionError,
    UnknownRevisionError,
)
from trading.desk.services.config.schema import setting_index

T = TypeVar("T")
MOST_TRIES: Final = 20  # of writers that want the same number at the same moment
MOST_REASON: Final = 300
MOST_AUTHOR: Final = 150


@dataclass(frozen=True, slots=True)
class _Change:
    """A revision about to be written."""

    overrides: dict[str, Any]
    reason: str
    author: str
    rolled_back_to: int | None = None


def current_revision_number() -> int:
    """Return the number of the newest revision, 0 before the first; one indexed read."""
    numbers = ConfigRevision.objects.order_by("-number").values_list("number", flat=True)
    return _before_tables(numbers.first) or 0


def current_overrides() -> dict[str, Any]:
    """Return the overrides of the newest revision, dotted key to JSON value."""
    newest = _newest()
    return dict(newest.overrides) if newest is not None else {}


def current_config(*, command_line: Sequence[str] = ()) -> ResolvedConfig:
    """Return the configuration in force in this process, all layers included.

    Raises:
        InvalidConfigError: one line for each problem.
    """
    newest = _newest()
    number, overrides = (newest.number, newest.overrides) if newest is not None else (0, {})
    return _resolve(overrides, number, environ=os.environ, command_line=command_line)


def override_set(
    *,
    changes: Mapping[str, Any],
    reason: str,
    author: str,
    clock: Clock,
    expected_number: int | None = None,
) -> ConfigRevision:
    """Append a revision with ``changes`` laid over the overrides in force.

    Args:
        changes: dotted key to value; None takes an override back. Sections may be given whole.
        reason: why, for those who read it later.
        author: who.
        clock: when.
        expected_number: refuse when the newest revision is another one by now.

    Raises:
        InvalidConfigError: the resulting configuration, a key or the reason is not valid.
        NothingChangedError: the overrides would stay as they are.
        StaleRevisionError: somebody else was faster.
    """
    flat = _flatten(changes)

    def plan(newest: ConfigRevision | None) -> _Change:
        number = newest.number if newest is not None else 0
        if expected_number is not None and number != expected_number:
            raise StaleRevisionError(
                f"the settings were changed meanwhile (revision {number} after {expected_number}); "
                "look at them again before you change them"
            )
        overrides = dict(newest.overrides) if newest is not None else {}
        for key, value in flat.items():
            if value is None:
                overrides.pop(key, None)
            else:
                overrides[key] = value
        return _Change(overrides, reason, author)

    return _append(plan, clock)


def config_rollback(*, number: int, reason: str, author: str, clock: Clock) -> ConfigRevision:
    """Append a revision that restores the overrides of revision ``number``; 0 takes all back.

    Raises:
        UnknownRevisionError: there is no such revision.
        InvalidConfigError: what was valid then is not valid now, or the reason is missing.
        NothingChangedError: those overrides are in force already.
    """
    newest = current_revision_number()
    if not 0 <= number <= newest:
        raise UnknownRevisionError(f"revision was {number}; expected 0 to {newest}")
    if newest == 0:
        raise NothingChangedError("nothing would change; there are no overrides yet")
    target = ConfigRevision.objects.filter(number=number).first()
    overrides = dict(target.overrides) if target is not None else {}
    return _append(lambda _newest: _Change(overrides, reason, author, number), clock)


def _newest() -> ConfigRevision | None:
    return _before_tables(ConfigRevision.objects.order_by("-number").first)


def _before_tables(read: Callable[[], T | None]) -> T | None:
    """Return what ``read`` finds; a database whose tables were never made has no revisions."""
    try:
        return read()
    except (OperationalError, ProgrammingError):
        table = ConfigRevision._meta.db_table
        if connection.in_atomic_block or table in connection.introspection.table_names():
            raise
        return None


def _append(plan: Callable[[ConfigRevision | None], _Change], clock: Clock) -> ConfigRevision:
    """Write the planned revision under the next number; plan again when another took it."""
    for _ in range(MOST_TRIES):
        try:
            with transaction.atomic():
                newest = ConfigRevision.objects.select_for_update().order_by("-number").first()
                return _write(plan(newest), newest, clock)
        except IntegrityError:
            continue
    raise StaleRevisionError("too many people change the settings at this moment; try again")


def _write(change: _Change, newest: ConfigRevision | None, clock: Clock) -> ConfigRevision:
    _check_words(change)
    before = dict(newest.overrides) if newest is not None else {}
    number = (newest.number if newest is not None else 0) + 1
    _resolve(change.overrides, number, environ=os.environ, place="the change")
    # What the database says is compared without the variables of this one process.
    after = _resolve(change.overrides, number, environ={}, place="the change")
    overrides = _canonical(change.overrides, after)
    if overrides == before:
        raise NothingChangedError("nothing would change; these values are in force already")
    return ConfigRevision.objects.create(
        number=number,
        overrides=overrides,
        diff=_diff(before, overrides, number - 1, after),
        reason=change.reason.strip(),
        author=change.author.strip(),
        created_at=clock.now(),
        rolled_back_to=change.rolled_back_to,
    )


def _resolve(
    overrides: Mapping[str, Any],
    number: int,
    *,
    environ: Mapping[str, str],
    command_line: Sequence[str] = (),
    place: str = "",
) -> ResolvedConfig:
    return config_load(
        root=settings.CONFIG_PATH,
        environ=environ,
        overrides=overrides,
        command_line=command_line,
        overrides_place=place or f"revision {number}",
    )


def _check_words(change: _Change) -> None:
    for name, text, most in (
        ("reason", change.reason, MOST_REASON),
        ("author", change.author, MOST_AUTHOR),
    ):
        if not text.strip() or len(text.strip()) > most:
            message = f"{name} was {text[:40]!r}; expected 1 to {most} signs"
            raise InvalidConfigError([Problem(name, "", message)])


def _flatten(changes: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return dotted keys down to settings; a map setting keeps its map as one value."""
    flat: dict[str, Any] = {}
    index = setting_index()
    for key, value in changes.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and path not in index:
            flat.update(_flatten(value, f"{path}."))
        else:
            flat[path] = _jsonable(value)
    return flat


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    return str(value) if isinstance(value, Decimal) else value


def _canonical(overrides: Mapping[str, Any], resolved: ResolvedConfig) -> dict[str, Any]:
    """Return the overrides in their stored spelling, so that equal values compare equal."""
    leaves, index = config_leaves(resolved.config), setting_index()
    stored = {}
    for key in sorted(overrides):
        spec = index.get(key)
        is_plain = spec is not None and not spec.is_map
        stored[key] = leaves[key] if is_plain else overrides[key]
    return stored


def _diff(
    before: Mapping[str, Any], after: Mapping[str, Any], number: int, resolved: ResolvedConfig
) -> dict[str, list[Any]]:
    """Return what each setting was and is, for settings and overrides that changed."""
    new = {**config_leaves(resolved.config), PROFILE_KEY: resolved.profile or NO_PROFILE}
    try:
        then = _resolve(before, number, environ={})
    except InvalidConfigError:
        # The overrides being replaced are not valid any more; mending them is the very purpose.
        old: dict[str, Any] = dict(before)
        keys = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    else:
        old = {**config_leaves(then.config), PROFILE_KEY: then.profile or NO_PROFILE}
        keys = {key for key in new if old[key] != new[key]}
        keys |= {key for key in {*before, *after} if before.get(key) != after.get(key)}
    return {
        key: [old.get(key, before.get(key)), new.get(key, after.get(key))] for key in sorted(keys)
    }
