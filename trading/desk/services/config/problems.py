"""What is wrong with a configuration: one line for each problem, all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trading.base.domain.errors import ConfigError, TradingError


@dataclass(frozen=True, slots=True)
class Problem:
    """One setting or file that cannot be used."""

    path: str  # dotted key, empty when the problem is the file itself
    place: str  # file:line, revision, variable or option; empty when nobody set the value
    text: str  # what was wrong, the value, what is expected

    def __str__(self) -> str:
        return f"{self.place}: {self.text}" if self.place else self.text


class InvalidConfigError(ConfigError):
    """The layers do not add up to a valid configuration; the message has one line per problem."""

    code = "invalid_config"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=_reading_order))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def _reading_order(problem: Problem) -> tuple[str, int]:
    name, _, line = problem.place.rpartition(":")
    return (name.lower(), int(line)) if line.isdigit() else (problem.place.lower(), 0)


class StaleRevisionError(TradingError):
    """Somebody else changed the settings since they were read; read them again."""

    code = "stale_revision"


class UnknownRevisionError(ConfigError):
    """There is no revision with that number."""

    code = "unknown_revision"


class NothingChangedError(TradingError):
    """The change asked for is already in force."""

    code = "nothing_changed"
