"""What is wrong with what was asked of a study: a sentence for each field, all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from trading.base.domain.errors import BadInputError


class InvalidRequestError(BadInputError):
    """Values of a request cannot be used; the message has one line for each field.

    Attributes:
        problems: what is wrong, by field.
    """

    code = "invalid_request"

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("\n".join(self.problems.values()))


class Problems:
    """Collects refusals instead of stopping at the first.

    Attributes:
        sentences: what is wrong, by field, in the order it was found.
    """

    def __init__(self) -> None:
        self.sentences: dict[str, str] = {}

    @contextmanager
    def at(self, field: str) -> Iterator[None]:
        """Keep a refusal of what runs inside as that of ``field``; a field's first one counts."""
        try:
            yield
        except InvalidRequestError as error:
            for name, sentence in error.problems.items():
                self.sentences.setdefault(name, sentence)
        except BadInputError as error:
            self.sentences.setdefault(field, str(error))

    def settle(self) -> None:
        """Refuse what was asked if anything is wrong with it.

        Raises:
            InvalidRequestError: with all that was found.
        """
        if self.sentences:
            raise InvalidRequestError(self.sentences)
