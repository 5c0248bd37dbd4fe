"""``config show|lint|rollback``: what is configured, where it came from, what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from trading.base import bootstrap as base
from trading.base.domain.errors import BadInputError
from trading.base.management.desk_command import DeskCommand, Needs, person_name
from trading.desk.services.config.lint import Finding, config_lint
from trading.desk.services.config.loading import config_dump, config_leaves, origin_of
from trading.desk.services.config.overrides import (
    config_rollback,
    current_config,
    current_overrides,
    current_revision_number,
)
from trading.desk.services.config.problems import InvalidConfigError, UnknownRevisionError
from trading.desk.services.config.schema import COUNTS
from trading.market import bootstrap as market


class Command(DeskCommand):
    """Show, check and roll back the layered configuration."""

    help = "Show the effective configuration, find settings that do nothing, roll changes back."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the actions."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        show = actions.add_parser("show", help="Print every setting of the effective configuration")
        show.add_argument(
            "--origin", action="store_true", help="Say for each value which layer and line set it"
        )
        lint = actions.add_parser(
            "lint", help="Find unknown keys, inert and contradictory settings"
        )
        self.add_config_set(show, lint)
        rollback = actions.add_parser("rollback", help="Restore the overrides of an older revision")
        rollback.add_argument(
            "revision", metavar="REV", help="Number of the revision; 0 takes every override back"
        )
        rollback.add_argument("--reason", required=True, help="Why; kept with the new revision")
        self.add_json(show, lint, rollback)

    def needs(self, options: Mapping[str, Any]) -> Needs:
        """Roll back only what somebody changed; files can be shown and checked without a desk."""
        return Needs.DESK if options["action"] == "rollback" else Needs.DATABASE

    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Run the action."""
        if options["action"] == "show":
            return self._show(options)
        if options["action"] == "lint":
            return self._lint(options)
        return self._rollback(options)

    def show(self, answer: dict[str, Any]) -> None:
        """Print the answer for a person."""
        for line in answer.get("lines") or _lines(answer):
            self.stdout.write(line)

    def _show(self, options: Mapping[str, Any]) -> dict[str, Any]:
        resolved = current_config(command_line=options["config_set"])
        answer: dict[str, Any] = {
            "config": config_dump(resolved.config),
            "profile": resolved.profile or None,
            "revision": current_revision_number(),
            "digest": resolved.digest,
            "counts": dict(COUNTS),
        }
        if options["origin"]:
            answer["origins"] = dict(resolved.origins)
            answer["files"] = dict(resolved.files)
        if options["json"]:
            return answer
        leaves = config_leaves(resolved.config)
        origins = {path: origin_of(resolved, path) if options["origin"] else "" for path in leaves}
        return {"lines": _table(leaves, origins) + _footer(answer)}

    def _lint(self, options: Mapping[str, Any]) -> dict[str, Any]:
        try:
            resolved = current_config(command_line=options["config_set"])
        except InvalidConfigError as error:
            findings = tuple(
                Finding("invalid", problem.path, problem.place, problem.text)
                for problem in error.problems
            )
        else:
            findings = config_lint(
                resolved, current_overrides(), venue_problem=market.venue_problem
            )
        answer: dict[str, Any] = {
            "findings": [
                {
                    "code": finding.code,
                    "path": finding.path,
                    "origin": finding.origin,
                    "message": finding.message,
                }
                for finding in findings
            ]
        }
        n_to_mend = sum(finding.code != "note" for finding in findings)
        if n_to_mend:
            answer |= {"error": "config_findings", "message": f"{n_to_mend} to mend"}
        return answer

    def _rollback(self, options: Mapping[str, Any]) -> dict[str, Any]:
        text = options["revision"]
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise BadInputError(f"REV was {text!r}; expected the number of a revision, 0 or more")
        try:
            revision = config_rollback(
                number=int(text),
                reason=options["reason"],
                author=person_name(),
                clock=base.system_clock(),
            )
        except UnknownRevisionError as error:
            raise BadInputError(str(error)) from error
        return {
            "revision": revision.number,
            "rolled_back_to": revision.rolled_back_to,
            "diff": revision.diff,
        }


def _lines(answer: Mapping[str, Any]) -> list[str]:
    if "findings" in answer:
        found = [Finding(**finding) for finding in answer["findings"]]
        return [str(finding) for finding in found] or ["no findings"]
    lines = [f"{key}: {_text(old)} -> {_text(new)}" for key, (old, new) in answer["diff"].items()]
    return [*lines, f"revision {answer['revision']} restores {answer['rolled_back_to']}"]


def _table(leaves: Mapping[str, Any], origins: Mapping[str, str]) -> list[str]:
    width = max(len(path) for path in leaves)
    lines = []
    for path, value in leaves.items():
        line = f"{path:<{width}} = {_text(value)}"
        lines.append(f"{line}  [{origins[path]}]" if origins[path] else line)
    return lines


def _footer(answer: Mapping[str, Any]) -> list[str]:
    return [
        f"profile: {answer['profile'] or 'none'}",
        f"revision: {answer['revision']}",
        f"digest: {answer['digest']}",
        "counts: " + "; ".join(f"{what} {when}" for what, when in answer["counts"].items()),
    ]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(str(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_text(item)}" for key, item in value.items()) + "}"
    return "none" if value is None else str(value)
