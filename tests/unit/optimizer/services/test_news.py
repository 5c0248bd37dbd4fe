"""News of a study: seldom, at once when it matters, and no burden when nobody takes it."""

from __future__ import annotations

import pytest

from optimizer.domain.topics import STUDIES, study_topic
from optimizer.services.news import REFUSED_PAUSE_S, STUDY_EVERY_S, StudyNews
from tests.fakes.clock import FakeClock
from tests.fakes.publisher import MemoryPublisher


@pytest.fixture
def publisher() -> MemoryPublisher:
    return MemoryPublisher()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def test_a_hundred_batches_a_second_are_four_messages(
    publisher: MemoryPublisher, clock: FakeClock
) -> None:
    news = StudyNews(publisher, clock)
    for n in range(100):
        news.tell(5, n_done=n)
        clock.advance(0.01)
    assert len(publisher.on(study_topic(5))) == round(1 / STUDY_EVERY_S)
    assert publisher.on(STUDIES) == [{"kind": "studies", "study": 5, "n": 0}]


def test_an_end_is_said_at_once(publisher: MemoryPublisher, clock: FakeClock) -> None:
    news = StudyNews(publisher, clock)
    news.tell(5, n_done=1)
    news.tell(5, n_done=2, is_change=True)
    assert [m["n"] for m in publisher.on(study_topic(5))] == [1, 2]
    assert [m["n"] for m in publisher.on(STUDIES)] == [1, 2]


def test_studies_do_not_silence_each_other(publisher: MemoryPublisher, clock: FakeClock) -> None:
    news = StudyNews(publisher, clock)
    news.tell(5, n_done=1)
    news.tell(6, n_done=1)
    assert len(publisher.on(study_topic(5))) == len(publisher.on(study_topic(6))) == 1


def test_a_publisher_that_refuses_is_left_alone_for_a_while(clock: FakeClock) -> None:
    class Counting(MemoryPublisher):
        asked = 0

        async def publish(self, topic: str, message: object) -> bool:
            self.asked += topic != STUDIES
            return await super().publish(topic, message)  # type: ignore[arg-type]

    publisher = Counting()
    publisher.is_down = True
    news = StudyNews(publisher, clock)
    for _ in range(20):
        news.tell(5, n_done=1)
        clock.advance(REFUSED_PAUSE_S / 20)
    assert publisher.asked == 1
    publisher.is_down = False
    clock.advance(REFUSED_PAUSE_S)
    news.tell(5, n_done=2)
    assert [m["n"] for m in publisher.on(study_topic(5))] == [2]
