"""Build the search of a stored study and bring it to where the stored trials are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, Final

from optimizer.domain.search.pruning import PruningFloors
from optimizer.domain.search.samplers import Result, Sampler
from optimizer.domain.search.space import Space
from optimizer.domain.study.engine import Batch, SearchEngine, StateUnreadableError
from optimizer.domain.study.evaluation import Terms
from optimizer.domain.study.records import TrialRecord
from optimizer.domain.study.schedule import Schedule
from optimizer.domain.systems import systems_parse
from optimizer.models import Study
from optimizer.services.studies.run.storing import records_from
from trading.base.domain.errors import InvariantError

_FORMAT: Final = 3  # of snapshots; one of another format is as good as none
_REHEARSED: Final = 32  # trials: more than any sampler waits for before it learns
SamplerOf = Callable[[str, int, Space, int], Sampler]  # (sampler, seed, space, place)


def terms_of(study: Study) -> Terms:
    """Return how every trial of the study is evaluated."""
    return Terms(
        windows=tuple(study.windows),
        objectives=tuple(study.objectives),
        trade_size=float(study.trade_size),
        fill=study.fill,
        warm_up_bars=int(study.settings["warm_up_bars"]),
    )


def engine_make(study: Study, sampler_of: SamplerOf) -> SearchEngine:
    """Return the search of a study at its first batch."""
    return SearchEngine(
        schedule=Schedule(_spaces(study), study.n_trials, int(study.settings["batch_size"])),
        make=lambda space, place: sampler_of(study.sampler, study.seed, space, place),
        pruning=PruningFloors(
            share=float(study.settings["prune_share"]), n_windows=len(study.windows)
        ),
        n_objectives=len(study.objectives),
    )


def _spaces(study: Study) -> tuple[Space, ...]:
    strategies = [system.strategy for system in systems_parse(study.strategies)]
    return tuple(Space.of(strategy.name, strategy.params) for strategy in strategies)


def samplers_rehearse(study: Study, sampler_of: SamplerOf) -> None:
    """Have one sampler, which is then thrown away, propose and learn.

    What it needs is loaded by then: half a second for compiled code at its first call, which
    the first batch would wait for.
    """
    for space in [space for space in _spaces(study) if space.dim][:1]:
        sampler = sampler_of(study.sampler, study.seed, space, 0)
        numbers = range(_REHEARSED)
        for batch in range(2):
            points = sampler.ask(numbers, batch)
            scores = [[float(number)] * len(study.objectives) for number in numbers]
            sampler.tell(list(map(Result, numbers, points, scores)))


def snapshot_state(study: Study, engine: SearchEngine) -> dict[str, Any]:
    """Return what a snapshot file keeps."""
    return {
        "format": _FORMAT,
        "study": study.pk,
        "seed": study.seed,
        "version": study.evaluation_version,
        "engine": engine.state(),
    }


def engine_recover(
    study: Study, engine: SearchEngine, snapshot: Mapping[str, Any] | None
) -> list[Batch]:
    """Bring the search behind the last stored batch and return the batches it waits for.

    A snapshot of this study that is not ahead of the stored trials spares replaying all of them;
    one that cannot be read is as good as none.

    Raises:
        InvariantError: the stored trials are not what this search proposes, or some are gone.
    """
    if snapshot and _fits(study, snapshot):
        with suppress(StateUnreadableError):
            engine.restore(snapshot["engine"])
    first = engine.schedule.numbers(engine.absorbed).start
    stored = records_from(study, first, study.n_done)
    while engine.absorbed < study.n_batches:
        while engine.can_propose:
            engine.propose()
        batch = engine.pending[0]
        records = list(islice(stored, len(batch.suggestions)))
        _whole_check(study, engine.schedule.numbers(batch.number), records)
        engine.absorb(records)
    return list(engine.pending)


def _whole_check(study: Study, numbers: Sequence[int], records: Sequence[TrialRecord]) -> None:
    found = [record.number for record in records]
    if found != list(numbers):
        lacking = min(set(numbers).difference(found))
        raise InvariantError(
            f"study {study.pk} counts {study.n_done} stored trials, but there is none numbered "
            f"{lacking}; bring the rows back, or open a new study"
        )


def _fits(study: Study, snapshot: Mapping[str, Any]) -> bool:
    head = [snapshot.get(name) for name in ("format", "study", "seed", "version")]
    is_own = head == [_FORMAT, study.pk, study.seed, study.evaluation_version]
    return is_own and snapshot.get("engine", {}).get("absorbed", 0) <= study.n_batches
