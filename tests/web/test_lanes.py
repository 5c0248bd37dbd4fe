"""The socket asks the pages: who obeys an op, who may ask for it, who hears the news."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.layers import InMemoryChannelLayer, channel_layers
from django.contrib.auth.models import User

from dashboard.consumers import DeskConsumer
from dashboard.shell.desk import OPERATE
from dashboard.shell.lane import Lane
from tests import factories as make
from tests.fakes.socket import Socket

pytestmark = pytest.mark.django_db(transaction=True)


class Vault(Lane):
    """Says how often it was asked; for people who may operate the desk."""

    ops = ("vault",)
    permission = OPERATE
    n_asked = 0

    async def obey(self, request: Mapping[str, Any]) -> None:
        self.n_asked += 1
        await self.tab.say({"kind": "vault", "n": self.n_asked})

    async def close(self) -> None:
        return


class VaultConsumer(DeskConsumer):
    lane_types = {"vault": Vault}


@pytest.fixture(autouse=True)
def layer() -> Any:
    """Use one in-memory layer."""
    channel_layers.set("default", InMemoryChannelLayer())
    yield
    channel_layers.backends.clear()


async def asked(user: User, *ops: str) -> list[dict[str, Any]]:
    socket = Socket(VaultConsumer.as_asgi(), "/ws/desk/", user)
    await socket.open()
    answers = []
    for op in ops:
        await socket.send(json.dumps({"op": op}))
        answers.append(await socket.answer())
    await socket.close()
    return answers


async def test_who_may_gets_one_lane_for_the_whole_visit() -> None:
    operator = await database_sync_to_async(make.operator)()
    assert [answer["n"] for answer in await asked(operator, "vault", "vault")] == [1, 2]


async def test_who_may_not_is_told_which_permission_is_missing() -> None:
    reader = await database_sync_to_async(User.objects.create_user)("rosa")
    (answer,) = await asked(reader, "vault")
    assert answer == {
        "kind": "error",
        "message": f"op was 'vault'; it needs the permission {OPERATE}",
    }


async def test_an_unknown_op_is_refused_with_the_known_ones() -> None:
    operator = await database_sync_to_async(make.operator)()
    (answer,) = await asked(operator, "watch")
    assert answer["message"] == "op was 'watch'; expected one of vault"
