"""A study over the socket: a snapshot, deltas without holes, seldom enough, and clear refusals."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from channels.db import database_sync_to_async
from channels.layers import InMemoryChannelLayer, channel_layers, get_channel_layer

from dashboard.consumers import DeskConsumer
from dashboard.pages.study.lane import STUDY_PAUSE_S
from dashboard.pages.study.watch import POINTS_MAX, StudyRequest, StudyWatch, thinned
from optimizer.domain.topics import STUDIES, study_topic
from optimizer.models import Study, WindowMetrics
from optimizer.selectors.points import TrialPoints
from tests import factories as make
from tests.factories.studies import OBJECTIVES
from tests.fakes.socket import Socket
from trading.base import bootstrap
from trading.base.adapters.channels_publisher import ChannelsPublisher

pytestmark = pytest.mark.django_db(transaction=True)
FIRST, REST = 24, 36


@pytest.fixture(autouse=True)
def layer() -> Any:
    """Use one in-memory layer for consumer and publisher."""
    with_memory = InMemoryChannelLayer()
    channel_layers.set("default", with_memory)
    yield with_memory
    channel_layers.backends.clear()


@pytest.fixture
def study() -> Study:
    """Return a running study of 24 trials."""
    made = make.study()
    make.trials(made, make.records(FIRST))
    return made


@pytest.fixture
async def socket(study: Study) -> AsyncIterator[Socket]:
    """Return an open socket of somebody logged in."""
    person = await database_sync_to_async(make.operator)()
    made = Socket(DeskConsumer.as_asgi(), "/ws/desk/", person)
    await made.open()
    yield made
    await made.close()


async def ask(socket: Socket, **message: Any) -> dict[str, Any]:
    await socket.send(json.dumps(message))
    return await socket.answer()


async def go_on(study: Study, n: int, first: int = FIRST) -> None:
    await database_sync_to_async(make.trials)(study, make.records(n, first))


async def tell(study: Study) -> None:
    news = {"kind": "study", "study": study.pk, "n": study.n_done}
    await ChannelsPublisher().publish(study_topic(study.pk), news)


def returns(study: Study) -> dict[int, float]:
    rows = WindowMetrics.objects.filter(trial__study=study, window="all")
    return dict(rows.values_list("trial__number", "total_return_pct"))


async def test_watching_brings_every_complete_trial_and_the_best_so_far(
    socket: Socket, study: Study
) -> None:
    snapshot = await ask(socket, op="study", study=study.pk, measure="return")
    gains = await database_sync_to_async(returns)(study)
    assert (snapshot["kind"], snapshot["n"]) == ("study", FIRST)
    points = dict(zip(snapshot["points"]["n"], snapshot["points"]["v"], strict=True))
    assert points == pytest.approx(gains, rel=1e-5)
    best, rises = -np.inf, []
    for number in sorted(gains):
        if gains[number] > best:
            best = gains[number]
            rises.append(number)
    assert snapshot["best"]["n"] == rises
    assert snapshot["progress"]["done"] == str(FIRST)


async def test_news_brings_what_was_stored_since_and_nothing_twice(
    socket: Socket, study: Study
) -> None:
    snapshot = await ask(socket, op="study", study=study.pk, measure="return")
    await go_on(study, REST)
    await tell(study)
    delta = await socket.answer()
    assert (delta["kind"], delta["from"], delta["n"]) == ("trials", FIRST, FIRST + REST)
    gains = await database_sync_to_async(returns)(study)
    together = snapshot["points"]["n"] + delta["points"]["n"]
    assert together == sorted(gains)
    highest = max(snapshot["best"]["v"] + delta["best"]["v"])
    assert highest == pytest.approx(max(gains.values()), rel=1e-5)
    assert delta["progress"]["counts"] == "47 complete, 12 pruned, 1 failed"
    await tell(study)
    assert await socket.is_silent(2 * STUDY_PAUSE_S)


async def test_many_batches_are_few_messages(socket: Socket, study: Study) -> None:
    await ask(socket, op="study", study=study.pk)
    deltas = []
    loop = asyncio.get_running_loop()
    began = loop.time()
    for first in range(FIRST, FIRST + 20):
        await go_on(study, 1, first)
        await tell(study)
    while not deltas or deltas[-1]["n"] < FIRST + 20:
        deltas.append(await socket.answer())
    assert len(deltas) <= (loop.time() - began) / STUDY_PAUSE_S + 1
    assert [d["from"] for d in deltas[1:]] == [d["n"] for d in deltas[:-1]]
    assert deltas[0]["from"] == FIRST


async def test_lost_news_is_made_up_for_by_asking(socket: Socket, study: Study) -> None:
    await ask(socket, op="study", study=study.pk)
    await go_on(study, REST)
    delta = await ask(socket, op="refetch")
    assert (delta["from"], delta["n"]) == (FIRST, FIRST + REST)


async def test_a_study_that_ends_says_so_without_new_trials(socket: Socket, study: Study) -> None:
    await ask(socket, op="study", study=study.pk)
    await Study.objects.filter(pk=study.pk).aupdate(status=Study.Status.CANCELLED)
    delta = await ask(socket, op="refetch")
    assert (delta["from"], delta["n"]) == (FIRST, FIRST)
    assert delta["progress"]["state"] == "cancelled"


async def test_a_measure_may_be_an_objective(socket: Socket, study: Study) -> None:
    snapshot = await ask(socket, op="study", study=study.pk, measure="mar")
    place = OBJECTIVES.index("mar")
    complete = [record for record in make.records(FIRST) if record.scores]
    wanted = [r.number for r in complete if np.isfinite(r.score_values()[place])]
    assert snapshot["points"]["n"] == wanted


async def test_only_the_watched_study_is_heard(socket: Socket, study: Study) -> None:
    other = await database_sync_to_async(make.study)()
    await ask(socket, op="study", study=study.pk)
    await ask(socket, op="study", study=other.pk)
    await go_on(study, REST)
    await tell(study)
    assert await socket.is_silent(2 * STUDY_PAUSE_S)


async def test_a_deleted_study_is_said_to_be_gone(socket: Socket, study: Study) -> None:
    await ask(socket, op="study", study=study.pk)
    await Study.objects.filter(pk=study.pk).adelete()
    answer = await ask(socket, op="refetch")
    assert answer["kind"] == "error"
    assert "there is no such study" in answer["message"]


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({"op": "refetch"}, "watch a study first"),
        ({"op": "study", "study": "1"}, "study was '1'"),
        ({"op": "study", "study": True}, "study was True"),
        ({"op": "study", "study": 999_999}, "there is no such study"),
        ({"op": "study", "study": 1, "measure": 3}, "measure was 3"),
    ],
)
async def test_a_bad_request_is_answered_with_what_was_wrong(
    socket: Socket, message: dict[str, Any], why: str
) -> None:
    answer = await ask(socket, **message)
    assert answer["kind"] == "error"
    assert why in answer["message"]


async def test_an_unknown_measure_names_the_known_ones(socket: Socket, study: Study) -> None:
    answer = await ask(socket, op="study", study=study.pk, measure="luck")
    assert "expected return or one of profit_biased, cps_v2" in answer["message"]


async def test_news_of_the_list_comes_only_when_asked_for(socket: Socket, study: Study) -> None:
    news = {"kind": "studies", "study": study.pk, "n": 5}
    await ChannelsPublisher().publish(STUDIES, news)
    assert await socket.is_silent(0.2)
    await socket.send('{"op":"studies"}')
    assert await socket.is_silent(0.2)
    await ChannelsPublisher().publish(STUDIES, news)
    assert await socket.answer() == news


async def test_leaving_in_the_middle_of_a_delta_leaves_nothing_behind(study: Study) -> None:
    person = await database_sync_to_async(make.operator)()
    socket = Socket(DeskConsumer.as_asgi(), "/ws/desk/", person)
    await socket.open()
    await ask(socket, op="study", study=study.pk)
    await socket.send('{"op":"studies"}')
    await go_on(study, REST)
    await tell(study)
    await socket.close()
    assert not get_channel_layer().groups  # type: ignore[union-attr]
    assert not [t for t in asyncio.all_tasks() if "_flush" in repr(t.get_coro())]


def test_a_large_study_is_thinned_to_what_can_be_seen() -> None:
    n = 20 * POINTS_MAX
    rng = np.random.default_rng(4)
    value = rng.normal(size=n)
    points = TrialPoints(np.arange(n), value, np.zeros(n, dtype=np.int64))
    before = np.concatenate(([-np.inf], np.maximum.accumulate(value)[:-1]))
    rises = value > before
    keep = thinned(points, rises)
    assert keep.shape[0] <= POINTS_MAX + int(rises.sum())
    assert set(np.flatnonzero(rises)) <= set(keep.tolist())
    assert int(np.argmax(value)) in keep
    assert np.all(np.diff(keep) > 0)


def test_the_rate_is_of_the_last_seconds_and_not_of_the_whole_run(study: Study) -> None:
    start = bootstrap.system_clock().now() - timedelta(seconds=12)
    watch = StudyWatch(StudyRequest(study.pk, "return"))
    rates = []
    for second, done in ((0, 1000), (2, 1400), (4, 1800), (6, 2200), (8, 6200), (10, 10_200)):
        Study.objects.filter(pk=study.pk).update(
            n_trials=50_000, n_done=done, heartbeat_at=start + timedelta(seconds=second)
        )
        told = watch.delta()
        assert told is not None
        rates.append(told["progress"]["rate"])
    assert rates[-3:] == ["200", "1\u202f100", "2\u202f000"]


def test_a_batch_stored_between_two_reads_waits_for_the_next_delta(study: Study) -> None:
    watch = StudyWatch(StudyRequest(study.pk, "return"))
    # the row still says 24 while trials beyond are there already, as in the middle of a commit
    make.trials(study, make.records(6, FIRST))
    Study.objects.filter(pk=study.pk).update(n_done=FIRST)
    snapshot = watch.snapshot()
    assert max(snapshot["points"]["n"]) < FIRST
    Study.objects.filter(pk=study.pk).update(n_done=FIRST + 6)
    delta = watch.delta()
    assert delta is not None
    assert min(delta["points"]["n"]) >= FIRST
