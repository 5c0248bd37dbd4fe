"""A study that begins removes the copies of candles that no study runs on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from optimizer import bootstrap
from optimizer.models import Study
from tests.integration.studies.conftest import Bench

pytestmark = pytest.mark.django_db(transaction=True)


def begin(study: Study) -> None:
    """Start the workers of a study and stop them again."""
    bootstrap.pool_make(study, bootstrap.study_source(study).data).close()


def grow_old(path: Path) -> None:
    os.utime(path, (1e9, 1e9))


def test_a_copy_stays_while_its_study_runs_and_goes_when_another_begins_later(
    bench: Bench,
) -> None:
    study = bench.open(max_workers=1)
    begin(study)
    (own,) = (bench.folder / "data" / "studies" / "candles").glob("[!.]*")
    assert own.name.startswith(study.data_digest)
    other = shutil.copytree(own, own.with_name("cd" * 32 + "-960"))
    running = Study.objects.get(pk=study.pk)
    running.pk, running.data_digest = None, "cd" * 32
    running.save()
    for path in (own, other):
        grow_old(path)
    begin(study)
    assert other.is_dir()
    Study.objects.filter(pk=running.pk).update(status=Study.Status.CANCELLED)
    begin(study)
    assert not other.exists()
    assert own.is_dir()
