"""Whatever stands in an address or in what is sent ends in an answer below 500."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, product
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests import factories as make
from tests.web.desk_scene import Scene

NUMBERS = (
    "9223372036854775807", "9223372036854775808", "99999999999999999999", "0", "00", "2147483648",
    "9" * 5000, "-1", "1e9", "0x10", "١٢٣", "1_0", "NaN", "Infinity", "253402300800000",
)  # fmt: skip
TEXTS = (
    "\x00", "a\x00b", "BTC-USDT", "a" * 3000, "%", "%s", "..", "../../etc/passwd", "日本語", "😀",
    "'; DROP TABLE x;--", "<script>", "{{ 7 }}", " ", "\n", "\t", "-", "--", "~", "?", "#", ";",
)  # fmt: skip
HOSTILE = (*NUMBERS, *TEXTS)
WORST = (*NUMBERS[:4], *TEXTS[:4])
PLACE = re.compile(r"<(?:\w+:)?(\w+)>")
WHOLE = {"feed_id": "1", "slug": "BTC-USDT", "open_time": "1772000100000", "action": "kill"}


def routes(patterns: Sequence[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route.replace("^", "").replace("$", "")


ROUTES = sorted({route for route in routes(get_resolver().url_patterns) if "(?" not in route})


def addresses(route: str, values: Sequence[str] = HOSTILE) -> Iterator[str]:
    """Return the route with one place after the other filled with everything hostile."""
    places = PLACE.findall(route)
    for place, value in product(places, values):
        filled = {**dict.fromkeys(places, "1"), **WHOLE, place: value}
        address = route
        for name in places:
            text = quote(filled[name], safe="")
            address = PLACE.sub(lambda _found, text=text: text, address, count=1)
        yield f"/{address}"


@pytest.fixture
def everybody(operator: User, scene: Scene) -> Client:
    """Return the browser of somebody who may do anything."""
    operator.is_staff = operator.is_superuser = True
    operator.save()
    client = Client(raise_request_exception=False)
    client.force_login(operator)
    return client


OURS = [route for route in ROUTES if "<" in route and not route.startswith("admin/")]
ADMIN = [route for route in ROUTES if "<" in route and route.startswith("admin/")]


def refused(client: Client, asked: Iterable[str]) -> dict[str, int]:
    codes = {address: client.get(address).status_code for address in asked}
    assert codes
    return {address: code for address, code in codes.items() if code >= 500}


@pytest.mark.parametrize("route", OURS)
def test_no_address_makes_an_error_of_the_desk(everybody: Client, route: str) -> None:
    assert refused(everybody, addresses(route)) == {}


def test_no_address_of_the_records_makes_an_error_of_the_desk(everybody: Client) -> None:
    assert refused(everybody, chain(*(addresses(route, WORST[:3]) for route in ADMIN))) == {}


@pytest.mark.proof
@pytest.mark.parametrize("route", ADMIN)
def test_no_address_of_one_record_makes_an_error(everybody: Client, route: str) -> None:
    assert refused(everybody, addresses(route)) == {}


def test_no_order_to_a_hostile_address_makes_an_error_of_the_desk(everybody: Client) -> None:
    for route in ("control/<action>/", "bots/<bot_id>/<action>/", "optimizer/<study_id>/<action>/"):
        for address in addresses(route):
            assert everybody.post(address, {"reason": "a\x00b"}).status_code < 500, address


OWN_FIELDS = ("names", "quiet", "next")
FIELDS = (*OWN_FIELDS, "q", "p", "o", "e", "all", "id", "id__exact", "pk__in", "_to_field")
PLAIN = [route for route in ROUTES if "<" not in route]


def queries(route: str, fields: Sequence[str], values: Sequence[str]) -> Iterator[str]:
    for field, value in product(fields, values):
        yield f"/{route}?{field}={quote(value, safe='')}"


def test_no_query_makes_an_error_of_the_desk(everybody: Client) -> None:
    own = [route for route in PLAIN if not route.startswith("admin/")]
    assert refused(everybody, chain(*(queries(r, OWN_FIELDS, WORST) for r in own))) == {}


def test_no_query_makes_an_error_of_the_records(everybody: Client) -> None:
    records = [route for route in PLAIN if route.startswith("admin/")]
    assert refused(everybody, chain(*(queries(r, ["id"], WORST[2:3]) for r in records))) == {}


@pytest.mark.proof
@pytest.mark.timeout(600)
@pytest.mark.parametrize("route", PLAIN)
def test_no_query_of_one_page_makes_an_error(everybody: Client, route: str) -> None:
    assert refused(everybody, queries(route, FIELDS, HOSTILE)) == {}


@pytest.mark.parametrize("query", ["%ff%fe=%ff", "&&&===", "a=%zz", "%00=1", "x" * 70_000])
@pytest.mark.parametrize("path", ["/", "/panels/", "/accounts/login/", "/%ff/", "/%00/"])
def test_bytes_that_are_no_text_are_answered(everybody: Client, path: str, query: str) -> None:
    assert everybody.get(f"{path}?{query}").status_code < 500


def test_the_number_that_was_too_large_for_a_calendar_is_not_found(desk: Client) -> None:
    answer = desk.get("/bars/1/BTC-USDT/99999999999999999999/")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_a_time_a_calendar_knows_is_an_address(desk: Client) -> None:
    feed = make.feed()
    assert desk.get(f"/bars/{feed.pk}/BTC-USDT/253402300799999/").status_code == 200
