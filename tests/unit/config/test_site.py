"""Doors of the site: what is open, what is closed, and what every answer carries."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from config.vendor_static import VENDOR_FILES, VendorFinder

BASE = Path(settings.BASE_DIR)


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((BASE / "pyproject.toml").read_text())["project"]["version"]
    assert project == settings.VERSION
    assert f"## [{project}]" in (BASE / "CHANGELOG.md").read_text()


@pytest.mark.django_db
def test_health_needs_no_login_and_names_what_works(client: Client) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["db"] == "ok"
    assert answer.json()["version"] == settings.VERSION


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/admin/"])
def test_pages_send_a_stranger_to_the_login(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 302
    assert "login" in answer.headers["Location"]


@pytest.mark.django_db
def test_metrics_are_open_to_this_machine_only(client: Client) -> None:
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 403


@pytest.mark.django_db
def test_metrics_are_closed_to_those_a_local_proxy_speaks_for(client: Client) -> None:
    answer = client.get(
        "/metrics", REMOTE_ADDR="127.0.0.1", headers={"x-forwarded-for": "203.0.113.9"}
    )
    assert answer.status_code == 403


@pytest.mark.django_db
def test_metrics_are_open_to_people_who_logged_in(admin_client: Client) -> None:
    answer = admin_client.get("/metrics", REMOTE_ADDR="203.0.113.9")
    assert answer.status_code == 200
    assert b"guardian_news_dropped_total" in answer.content


@pytest.mark.django_db
def test_every_answer_forbids_foreign_and_inline_scripts(client: Client) -> None:
    policy = client.get("/healthz").headers["Content-Security-Policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert scripts == "script-src 'self'"


@pytest.mark.parametrize("name", sorted(VENDOR_FILES))
def test_browser_libraries_come_from_their_packages(client: Client, name: str) -> None:
    found = finders.find(name)
    assert isinstance(found, str)
    assert "site-packages" in found
    answer = client.get(f"/static/{name}")
    assert answer.status_code == 200
    assert answer.content == Path(found).read_bytes()
    assert "javascript" in answer.headers["Content-Type"]


def test_nothing_else_of_the_packages_is_served(client: Client) -> None:
    assert VendorFinder().find("vendor/plotly/../plotly/plotly.json") == []
    assert client.get("/static/vendor/plotly/widgetbundle.js").status_code != 200


def test_a_static_file_is_sent_once_and_then_only_confirmed(client: Client) -> None:
    first = client.get("/static/vendor/htmx/htmx.min.js")
    again = client.get(
        "/static/vendor/htmx/htmx.min.js",
        headers={"if-modified-since": first.headers["Last-Modified"]},
    )
    assert again.status_code == 304
    assert again.content == b""
