"""A form made from the schema: one field per setting, grouped by section, changed-only.

Each field carries the value it was shown with, so a form that was open while somebody else
changed the settings never puts an old value back by accident.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.http import QueryDict

from trading.desk.services.config.layers import NO_PROFILE, PROFILE_KEY
from trading.desk.services.config.loading import ResolvedConfig, config_leaves, origin_of
from trading.desk.services.config.problems import InvalidConfigError
from trading.desk.services.config.schema import (
    SettingSpec,
    counts_when,
    section_docs,
    setting_index,
)

REASON: Final = "reason"
RESET_PREFIX: Final = "reset:"
LOCKING: Final = ("environment", "command line")  # layers above the database


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting as the page shows it."""

    field: forms.BoundField
    key: str
    doc: str
    expected: str
    origin: str
    default: str
    reset: forms.BoundField | None
    is_locked: bool


@dataclass(frozen=True, slots=True)
class SettingSection:
    """One section of the page."""

    title: str
    doc: str
    counts: str
    rows: tuple[SettingRow, ...]


class ConfigForm(forms.Form):
    """Every setting with its current value, and the reason for changing it."""

    reason = forms.CharField(
        max_length=300, strip=True, help_text="Kept with the revision, for those who read it later."
    )

    def __init__(self, resolved: ResolvedConfig, profiles: tuple[str, ...], **options: Any) -> None:
        super().__init__(**options)
        self._resolved = resolved
        self._leaves = config_leaves(resolved.config)
        names = (NO_PROFILE, *profiles)
        self.fields[PROFILE_KEY] = forms.ChoiceField(
            choices=[(name, name) for name in names],
            initial=resolved.profile or NO_PROFILE,
            show_hidden_initial=True,
            required=False,
        )
        self._finish(PROFILE_KEY, "A set of values for one style of trading")
        for path, spec in setting_index().items():
            self.fields[path] = _field(spec, value_text(self._leaves[path]))
            self._finish(path, spec.doc)

    def changes(self) -> dict[str, Any]:
        """Return dotted key to new value for what was changed, None for what is taken back."""
        changes: dict[str, Any] = {}
        index = setting_index()
        for name in self.changed_data:
            if name == REASON or name.startswith(RESET_PREFIX):
                continue
            spec = index.get(name)
            text = self.cleaned_data[name]
            changes[name] = text if spec is None or not spec.is_map else _map_read(text)
        for name, is_reset in self.cleaned_data.items():
            if name.startswith(RESET_PREFIX) and is_reset:
                changes[name.removeprefix(RESET_PREFIX)] = None
        return changes

    def clean(self) -> dict[str, Any]:
        """Refuse maps that are not maps; everything else is judged by the configuration itself."""
        for path, spec in setting_index().items():
            text = self.cleaned_data.get(path)
            if spec.is_map and text and path in self.changed_data:
                try:
                    data = _map_read(text)
                except json.JSONDecodeError as error:
                    self.add_error(path, f"{path} is not JSON: {error}; expected {{}} or more")
                    continue
                if not isinstance(data, dict):
                    self.add_error(path, f'{path} was {text}; expected a map, as {{"NAME": 1}}')
        return self.cleaned_data

    def add_problems(self, error: InvalidConfigError) -> None:
        """Show each problem at its field, the others above the form."""
        for problem in error.problems:
            path = problem.path
            while path and path not in self.fields:
                path = path.rpartition(".")[0]
            self.add_error(path or None, problem.text)

    def refreshed_data(self) -> QueryDict:
        """Return what was sent with today's values in the fields that were not touched."""
        data = QueryDict(mutable=True)
        for name in self.data:
            data[name] = self.data[name]
        for name in setting_index():
            if name not in self.changed_data:
                data[name] = data[f"initial-{name}"] = value_text(self._leaves[name])
        return data

    def error_links(self) -> list[tuple[str, str]]:
        """Return the id of each field with an error and the error, in the order of the page."""
        return [
            (self[name].id_for_label, str(error))
            for name in self.fields
            for error in self[name].errors
        ]

    def sections(self) -> tuple[SettingSection, ...]:
        """Return the rows of the page by section."""
        docs = section_docs()
        groups: dict[str, list[SettingRow]] = {"": [self._row(PROFILE_KEY, None)]}
        for path, spec in setting_index().items():
            groups.setdefault(spec.section, []).append(self._row(path, spec))
        return tuple(
            SettingSection(
                section or PROFILE_KEY,
                docs[section] if section else "",
                counts_when(section) if section else "",
                tuple(rows),
            )
            for section, rows in groups.items()
        )

    def _row(self, path: str, spec: SettingSpec | None) -> SettingRow:
        reset = f"{RESET_PREFIX}{path}"
        origin = origin_of(self._resolved, path)
        return SettingRow(
            field=self[path],
            key=path,
            doc=spec.doc if spec is not None else "A set of values for one style of trading",
            expected=spec.expected if spec is not None else "",
            origin=origin,
            default=value_text(_plain(spec.default)) if spec is not None else NO_PROFILE,
            reset=self[reset] if reset in self.fields else None,
            is_locked=bool(self.fields[path].disabled),
        )

    def _finish(self, path: str, doc: str) -> None:
        """Lock what a higher layer decides, and offer to take back what the database decides."""
        field = self.fields[path]
        field.label = path.rpartition(".")[2].replace("_", " ").capitalize()
        field.widget.attrs["aria-describedby"] = f"help_{path}"
        origin = origin_of(self._resolved, path)
        field.disabled = origin.startswith(LOCKING)
        if origin.startswith("database"):
            self.fields[f"{RESET_PREFIX}{path}"] = forms.BooleanField(
                required=False, label=f"Take the override of {path} back"
            )


def value_text(value: Any) -> str:
    """Return a JSON-ready value as it stands in a form field."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, Mapping):
        return json.dumps(value, sort_keys=True)
    return "" if value is None else str(value)


def _map_read(text: str) -> Any:
    """Return a map written as JSON; fractions stay text, so that no digit is lost."""
    return json.loads(text or "{}", parse_float=str, parse_constant=str)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return {key: str(item) for key, item in value.items()}
    return value


def _field(spec: SettingSpec, text: str) -> forms.Field:
    options: dict[str, Any] = {"initial": text, "required": False, "show_hidden_initial": True}
    if spec.choices:
        return forms.ChoiceField(choices=[(word, word) for word in spec.choices], **options)
    if spec.is_map:
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 2, "cols": 50}), **options)
    attrs = {"autocomplete": "off", "class": "vTextField"}
    if spec.kind is int:
        attrs |= {"inputmode": "numeric", "class": "vIntegerField"}
    elif not spec.is_list and spec.kind is not str:
        attrs |= {"inputmode": "decimal", "class": "vIntegerField"}
    return forms.CharField(widget=forms.TextInput(attrs=attrs), strip=True, **options)
