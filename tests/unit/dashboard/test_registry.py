"""Pages are found by their folders, and no two of them claim the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.urls import path

from dashboard import pages
from dashboard.registry import all_pages, claims_check, lanes_by_op, pages_by_route, pages_in
from dashboard.shell.lane import Lane
from dashboard.shell.page import Page, RailEntry


class Echo(Lane):
    ops = ("echo",)

    async def obey(self, request: Mapping[str, Any]) -> None:
        await self.tab.say(request)

    async def close(self) -> None:
        return


def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def page(name: str, **more: Any) -> Page:
    return Page(name=name, routes=(path(f"{name}/", view, name=name),), **more)


def test_every_folder_of_pages_is_a_page() -> None:
    assert pages_in(pages) == all_pages()
    assert {found.name for found in all_pages()} >= {"overview", "studies", "study", "control"}


def test_routes_and_ops_lead_to_the_page_that_declared_them() -> None:
    assert pages_by_route()["study-file"].name == "study"
    assert set(lanes_by_op()) == {"watch", "overlay", "study", "refetch", "studies"}


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"lanes": (Echo,)}, "op echo"),
        ({"rail": RailEntry("Wallets", key="w", order=30, address="wallets")}, "key w"),
    ],
)
def test_two_pages_that_claim_the_same_are_refused(more: dict[str, Any], what: str) -> None:
    claims_check([page("wallets", **more), page("news")])
    with pytest.raises(ImproperlyConfigured, match=f"{what} is wallets's and news's"):
        claims_check([page("wallets", **more), page("news", **more)])


def test_the_letter_of_the_records_is_taken() -> None:
    taken = RailEntry("Routes", key="r", order=30, address="routes")
    with pytest.raises(ImproperlyConfigured, match="key r is the shell's and routes's"):
        claims_check([page("routes", rail=taken)])


def test_two_routes_of_one_name_are_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="route wallets"):
        claims_check([page("wallets"), page("wallets")])
