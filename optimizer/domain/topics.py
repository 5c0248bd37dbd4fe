"""Name the topics under which news of studies is published; see ``trading.base.domain.topics``."""

from __future__ import annotations

from typing import Final

STUDIES: Final = "studies"  # something changed in the list of studies


def study_topic(study_id: int) -> str:
    """Return the topic of one study's progress."""
    return f"study.{study_id}"
