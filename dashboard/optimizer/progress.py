"""Say in words and figures how far a study is; the page and the socket say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from optimizer.selectors.studies import QUIET_S, StudyView
from optimizer.selectors.walk_forward import search_verdict
from optimizer.services.sweeps.silence import silence_sentence
from trading.base.selectors.figures import count_text, duration_text, plain_text

STATE_TONES: Final = {
    "running": "good", "stopping": "warning", "stalled": "warning", "waiting": "info",
    "finished": "done", "cancelled": "muted", "failed": "bad",
}  # fmt: skip

_ENDINGS: Final = {"cancelled": "was cancelled", "failed": "failed"}


def state_sentence(study: StudyView) -> str:
    """Return what happens now, and what comes next where that is not plain."""
    if study.state == "running":
        return _running_sentence(study)
    if study.state == "finished":
        return _finished_sentence(study)
    kept = f"{count_text(study.n_done)} trials are kept"
    if study.state == "stalled":
        return (
            f"No sign of life for {duration_text(study.silent_s)}. {kept.capitalize()}; the "
            "supervisor starts it again, or resume it yourself."
        )
    if study.state == "cancelled":
        return f"{_said(study.reason or 'cancelled')} {kept}; resume goes on where it stopped."
    if study.state == "failed":
        return f"Failed: {study.reason or 'no reason was recorded'}. {kept}; resume tries again."
    return _waiting_sentence(study) if study.state == "waiting" else _stopping_sentence(study)


def _waiting_sentence(study: StudyView) -> str:
    if study.reason:  # a worker was asked and said why not
        return _said(study.reason)
    waits = "Waiting for a worker of the queue “sweeps” to take it"
    if study.silent_s < QUIET_S:
        return f"{waits}."
    return f"{waits}: {silence_sentence(study.silent_s)}."


def _stopping_sentence(study: StudyView) -> str:
    if study.n_done == study.n_trials:
        return "Stopping: the examination is left; resume begins it again."
    return "Stopping: the batch in flight is stored first."


def _running_sentence(study: StudyView) -> str:
    if study.reason:  # what it waits for
        return _said(study.reason)
    if study.n_done == 0:
        return (
            "Starting: the workers load candles and costs, and compile kernels once after an "
            "installation or upgrade (about a minute)."
        )
    if study.n_done == study.n_trials:
        return (
            "Every trial is stored. Now the best are examined for luck and the report is written."
        )
    return "Running. Every batch is stored as it comes; stopping loses nothing."


def _said(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:].rstrip('.')}."


def _finished_sentence(study: StudyView) -> str:
    verdicts = search_verdict(study).verdicts
    if not verdicts.total:
        return "All trials are stored; none was examined for luck."
    return f"Of the {count_text(verdicts.total)} best trials {verdicts.text}."


def counts_text(counts: Mapping[str, int]) -> str:
    """Return how many trials ended in each way, as a line."""
    if not any(counts.values()):
        return "none stored yet"
    ends = (("ok", "complete"), ("pruned", "pruned"), ("failed", "failed"))
    return ", ".join(f"{count_text(counts.get(name, 0))} {word}" for name, word in ends)


def progress_payload(
    study: StudyView, counts: Mapping[str, int], per_second: float | None = None
) -> dict[str, Any]:
    """Return how far a study is, ready to be shown.

    Args:
        study: as it stands.
        counts: its trials by how they ended.
        per_second: trials a second just now; the average of the run when None.
    """
    rate = per_second or study.per_second
    is_running = study.state == "running"
    left, elapsed_s = study.n_trials - study.n_done, study.figures.get("elapsed_s")
    return {
        "state": study.state,
        "tone": STATE_TONES[study.state],
        "sentence": state_sentence(study),
        "n": study.n_done,
        "total": study.n_trials,
        "done": count_text(study.n_done),
        "of": count_text(study.n_trials),
        "counts": counts_text(counts),
        "percent": int(100 * study.share),
        "rate": rate_text(rate),
        "left": duration_text(left / rate) if is_running and rate and left else "",
        "took": "" if elapsed_s is None else duration_text(elapsed_s),
        "took_by": took_by(study),
        "active": study.is_active,
        "can_cancel": study.can_cancel,
        "can_resume": study.can_resume,
    }


def took_by(study: StudyView) -> str:
    """Return what the time a study took is of: its figures are those of all runs together."""
    if study.figures.get("elapsed_s") is None:
        return "not written down"
    n_runs = sum("elapsed_s" in run for run in study.manifest.get("runs", ()))
    runs = "the only run" if n_runs == 1 else f"all {count_text(n_runs)} runs together"
    if not n_runs:
        runs = "all runs together"
    if study.state != "finished":
        return f"{runs}, until it {_ENDINGS.get(study.state, 'stopped')}"
    return f"{runs}, with {'scrutiny and report' if study.luck.get('examined') else 'the report'}"


def rate_text(per_second: float | None) -> str:
    """Return trials a second with about three digits, ``n/a`` before the first batch."""
    if per_second is None:
        return "n/a"
    return plain_text(per_second, 0 if per_second >= 100 else 1)
