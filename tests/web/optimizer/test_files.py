"""Files of a run: streamed, only those of the run, and a report that cannot act as its reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import AsyncClient, Client

from optimizer.models import Study


@pytest.fixture
def run(study: Study, tmp_path: Path, settings: Any) -> Path:
    """Return the run directory of the study, with a report, a table, and a secret outside."""
    settings.DATA_DIR = tmp_path
    folder = tmp_path / study.run_dir
    (folder / "trades").mkdir(parents=True)
    (folder / "report.html").write_text("<!doctype html><script>1</script>")
    (folder / "trades" / "trial_1.csv").write_bytes(b"a,b\n" * 200_000)
    (tmp_path / "secret.json").write_text("{}")
    return folder


async def fetch(user: User, path: str) -> Any:
    client = AsyncClient()
    await client.aforce_login(user)
    response = await client.get(path)
    content = b""
    if getattr(response, "streaming", False):
        content = b"".join([piece async for piece in response.streaming_content])
    return response, content


def test_a_file_is_streamed_as_a_download(searcher: User, study: Study, run: Path) -> None:
    path = f"/optimizer/{study.pk}/files/trades/trial_1.csv"
    response, content = async_to_sync(fetch)(searcher, path)
    assert response.status_code == 200
    assert content == (run / "trades" / "trial_1.csv").read_bytes()
    assert response["Content-Length"] == str(len(content))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    shown = f"study-{study.pk}-trades-trial_1.csv"
    assert response["Content-Disposition"] == f"attachment; filename*=UTF-8''{shown}"


def test_the_report_opens_shut_off_from_the_desk(searcher: User, study: Study, run: Path) -> None:
    response, content = async_to_sync(fetch)(searcher, f"/optimizer/{study.pk}/report/")
    assert content == (run / "report.html").read_bytes()
    policy = response["Content-Security-Policy"]
    assert "sandbox allow-scripts" in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize(
    "name", ["../secret.json", "..%2Fsecret.json", "%2Fetc%2Fpasswd", "nothing.csv", "trades"]
)
def test_no_name_leads_out_of_the_run(searcher: User, study: Study, run: Path, name: str) -> None:
    response, _ = async_to_sync(fetch)(searcher, f"/optimizer/{study.pk}/files/{name}")
    assert response.status_code == 404


def test_files_are_closed_to_strangers(client: Client, study: Study, run: Path) -> None:
    for path in (f"/optimizer/{study.pk}/report/", f"/optimizer/{study.pk}/files/report.html"):
        response = client.get(path)
        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/login/?next=")
