"""The ranges of primary keys that belong to a study: cheaper than a join, see the models."""

from __future__ import annotations

from optimizer.models.trials import ROW_SPACE, TRIAL_SPACE


def trial_key(study_id: int, number: int) -> int:
    """Return the key of a trial."""
    return study_id * TRIAL_SPACE + number


def number_of(trial_id: int) -> int:
    """Return the number of the trial with this key."""
    return trial_id % TRIAL_SPACE


def trial_range(study_id: int, after: int = -1) -> dict[str, int]:
    """Return the filter on the keys of trials numbered above ``after``, and of their scores."""
    return {"pk__gte": trial_key(study_id, after + 1), "pk__lt": trial_key(study_id + 1, 0)}


def row_range(study_id: int, after: int = -1) -> dict[str, int]:
    """Return the same for the window metrics of these trials."""
    return {name: key * ROW_SPACE for name, key in trial_range(study_id, after).items()}
