"""``swap_costs`` as an operator types it: a real process asking a real server on this machine."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.core.management import call_command

from tests.fakes.quotes import DAI, PDAI, QuoteServer

REPOSITORY = Path(__file__).resolve().parents[2]
TOKENS = (
    *("--asset", PDAI.address, "--asset-decimals", str(PDAI.decimals)),
    *("--quote", DAI.address, "--quote-decimals", str(DAI.decimals)),
)


class Done(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return answer


class Shell:
    """Runs ``swap_costs`` with a data folder of its own."""

    def __init__(self, data: Path, url: str) -> None:
        self.cache = data / "swap_cost_cache.json"
        self._env = {
            **os.environ,
            "GUARDIAN_DATA_DIR": str(data),
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
        }
        self._url = url

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        action, *rest = arguments
        place = ("--endpoint", self._url, *TOKENS) if action == "refresh" else ()
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "manage.py", "swap_costs", action, *place, *rest),
            cwd=REPOSITORY,
            env=self._env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def end(self, process: asyncio.subprocess.Process) -> Done:
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode is not None
        return Done(process.returncode, out.decode(), err.decode())

    async def run(self, *arguments: str) -> Done:
        return await self.end(await self.start(*arguments))


@pytest.fixture
async def server() -> AsyncIterator[QuoteServer]:
    async with QuoteServer() as running:
        yield running


@pytest.fixture
def shell(server: QuoteServer, tmp_path: Path) -> Shell:
    return Shell(tmp_path, server.url)


async def test_it_measures_shows_and_does_not_ask_twice(shell: Shell, server: QuoteServer) -> None:
    missing = await shell.run("show", "--json")
    assert (missing.code, missing.json["error"]) == (1, "no_swap_costs")
    done = await shell.run("refresh", "--max-notional", "15000", "--json")
    assert done.code == 0, done.err
    answer = done.json
    assert (answer["entries"], answer["fetched"], answer["requests"]) == (3, 3, 6)
    assert 0 <= answer["age_s"] < 60
    again = await shell.run("refresh", "--max-notional", "15000", "--json")
    assert (again.json["fetched"], again.json["kept"], again.json["requests"]) == (0, 3, 0)
    shown = await shell.run("show", "--json")
    assert shown.json["rungs"] == answer["rungs"]
    assert [row["notional"] for row in shown.json["rungs"]] == [5000, 10000, 15000]
    assert len(server.queries) == 6
    person = await shell.run("show")
    assert "5,000" in person.out
    assert "entries: 3" in person.out


async def test_sigterm_keeps_the_finished_rungs_and_the_next_refresh_goes_on(
    shell: Shell, server: QuoteServer
) -> None:
    process = await shell.start("refresh", "--max-notional", "30000")
    while len(server.queries) < 8:  # then it waits for the next minute
        assert process.returncode is None
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    stopped = await shell.end(process)
    assert stopped.code == 130, stopped.err
    assert "Traceback" not in stopped.err
    assert not shell.cache.exists()
    waits = await shell.start("refresh", "--max-notional", "30000")
    assert waits.stderr is not None
    assert b"measuring 2 rungs" in await waits.stderr.readline()
    await asyncio.sleep(1)  # the eight of the stopped one were sent less than a minute ago
    assert len(server.queries) == 8
    waits.send_signal(signal.SIGTERM)
    assert (await shell.end(waits)).code == 130
    faster = ("--requests-per-minute", "20", "--max-notional", "30000", "--json")
    done = await shell.run("refresh", *faster)
    assert (done.json["fetched"], done.json["kept"], done.json["requests"]) == (2, 4, 4)
    assert len(json.loads(shell.cache.read_bytes())["entries"]) == 6


async def test_a_shorter_refresh_of_an_old_cache_keeps_its_other_rungs(shell: Shell) -> None:
    await shell.run("refresh", "--max-notional", "20000")
    cache = json.loads(shell.cache.read_bytes())
    for entry in cache["entries"].values():
        entry["generated_at"] = (datetime.now(UTC) - timedelta(days=410)).isoformat()
    shell.cache.write_text(json.dumps(cache))
    again = ("refresh", "--max-notional", "10000", "--requests-per-minute", "20", "--json")
    done = await shell.run(*again)
    assert (done.json["entries"], done.json["fetched"], done.json["kept"]) == (4, 2, 2)
    assert "410 days old in 2 of 4 rungs (15,000 to 20,000)" in done.json["warning"]
    assert done.err.splitlines() == [
        "swap costs: measuring 2 rungs, less than a minute at 20 requests a minute"
    ]
    before = shell.cache.read_bytes()
    other = await shell.run(*again, "--chain-id", "1")
    assert other.code == 2
    (line,) = other.err.splitlines()
    assert "chain id 369, not 1; a refresh would throw away all 4 rungs" in line
    assert "--force" in line
    assert shell.cache.read_bytes() == before
    forced = await shell.run(*again, "--chain-id", "1", "--force")
    assert (forced.json["entries"], forced.json["warning"]) == (2, "")


async def test_an_old_cache_is_shown_with_a_warning(shell: Shell, server: QuoteServer) -> None:
    await shell.run("refresh", "--max-notional", "5000")
    cache = json.loads(shell.cache.read_bytes())
    old = datetime.now(UTC) - timedelta(days=30)
    cache["entries"]["5000"]["generated_at"] = old.isoformat()
    shell.cache.write_text(json.dumps(cache))
    shown = await shell.run("show", "--json")
    assert "30 days old" in shown.json["warning"]
    assert shown.json["age_s"] > 29 * 86_400


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("refresh", "--step", "0"), "step was 0"),
        (("refresh", "--step", "many"), "--step was 'many'"),
        (("refresh", "--max-notional", "1e9"), "rungs"),
        (("refresh", "--source", "friend"), "--source was 'friend'"),
        (("refresh", "--endpoint", "nowhere"), "endpoint was 'nowhere'"),
        (("refresh", "--asset", "0x1"), "asset was '0x1'"),
        (("refresh", "--pair", "HEX"), "pair was 'HEX'"),
        (("refresh", "--source", "router", "--rpc-url", "x"), "node was 'x'"),
        (("refresh", "--source", "router", "--router", "0x1"), "router was '0x1'"),
        (("refresh", "--requests-per-minute", "1"), "requests per minute were 1"),
        (("show", "--max-age-days", "-1"), "--max-age-days was '-1'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    settings: Any, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    settings.DATA_DIR = tmp_path
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("swap_costs", *arguments, stdout=out, stderr=err)
    assert stopped.value.code == 2
    (line,) = err.getvalue().splitlines()
    assert says in line
    assert out.getvalue() == ""
    assert list(tmp_path.iterdir()) == []


async def test_a_spoilt_file_is_refused_with_its_path(shell: Shell) -> None:
    shell.cache.write_text("{")
    done = await shell.run("show")
    assert done.code == 2
    assert str(shell.cache) in done.err


async def test_a_refusal_of_the_venue_is_exit_code_1_with_its_words(
    shell: Shell, server: QuoteServer
) -> None:
    stranger = "0x00000000000000000000000000000000000000ff"
    done = await shell.run("refresh", "--asset", stranger, "--max-notional", "5000", "--json")
    assert done.code == 1
    assert done.json["error"] == "venue_error"
    assert "no route found" in done.json["message"]
