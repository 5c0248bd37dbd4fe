"""The swap costs of a study as an operator meets them: measured aloud, doubted once, kept."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from django.core.management import call_command

from optimizer import bootstrap
from optimizer.domain.evaluator.warm import kernels_warm
from optimizer.management.study_answers import study_answer
from optimizer.models import SearchLedger, Study
from optimizer.selectors.studies import study_get
from optimizer.services.reports.reading import study_read
from optimizer.services.studies.open.sources import Origin
from optimizer.services.studies.refusals import DataChangedError
from tests.fakes.quotes import FakeQuoter
from tests.integration.studies.conftest import REQUEST, Bench
from tests.integration.studies.inputs import N_BARS, arguments, candles_file, costs_file
from trading.base.domain.errors import BadInputError
from trading.market import bootstrap as market
from trading.market.services.swap_costs.identity import CostsMismatchError
from trading.market.services.swap_costs.market import PDAI_DAI
from trading.market.services.swap_costs.refresh import Progress

pytestmark = pytest.mark.django_db(transaction=True)
REPOSITORY = Path(__file__).resolve().parents[3]


def old_costs(folder: Path, *, is_named: bool = False) -> Path:
    """Write a cache of PDAI/DAI that is 410 days old, named or by its tokens as the original's."""
    file = costs_file(folder)
    cache = json.loads(file.read_text())
    cache["metadata"] = PDAI_DAI.metadata()
    if not is_named:
        del cache["metadata"]["pair"], cache["metadata"]["source"]
    for entry in cache["entries"].values():
        entry["generated_at"] = (datetime.now(UTC) - timedelta(days=410)).isoformat()
    file.write_text(json.dumps(cache))
    return file


def other_candles(folder: Path, n_bars: int = 1_200) -> Path:
    return candles_file(folder, n_bars).rename(folder / "bittrex_ETH-BTC_5m.parquet")


def test_the_manifest_says_what_the_costs_were_measured_on(bench: Bench) -> None:
    said: list[str] = []
    origin = Origin(file=str(other_candles(bench.folder)), swap_costs=str(old_costs(bench.folder)))
    study = bootstrap.study_open(request=REQUEST, origin=origin, say=said.append)
    known = json.loads((bench.run_dir(study) / "manifest.json").read_text())["source"]["costs"]
    assert known["warnings"] == [line for line in said if "missing" not in line]
    assert "measured on PDAI/DAI on chain 369 (pulsechain), the candles are of ETH/BTC" in said[0]
    assert "410 days old" in said[1]
    assert known["of"] == "PDAI/DAI on chain 369 (pulsechain)"
    assert known["compared"].endswith("not on ETH/BTC, the pair of the candles")


def test_costs_named_for_another_market_open_no_study_unless_they_are_wanted(bench: Bench) -> None:
    costs = old_costs(bench.folder, is_named=True)
    origin = Origin(file=str(other_candles(bench.folder)), swap_costs=str(costs))
    with pytest.raises(CostsMismatchError, match="PDAI/DAI, not ETH/BTC"):
        bootstrap.study_open(request=REQUEST, origin=origin)
    assert not Study.objects.exists()
    assert not SearchLedger.objects.exists()
    study = bootstrap.study_open(request=REQUEST, origin=origin, is_forced=True)
    assert "PDAI/DAI" in study.source["costs"]["warnings"][0]
    assert bootstrap.study_source(study).data.cost_digest() == study.cost_digest
    cache = json.loads(costs.read_text())
    cache["metadata"]["chain_id"] = 1
    costs.write_text(json.dumps(cache))
    with pytest.raises(DataChangedError, match="are of PDAI/DAI on chain 1, the study was opened"):
        bootstrap.study_source(study)


@pytest.mark.parametrize("change", [{"chain_id": 1}, {"asset_address": "0x" + "5" * 40}])
def test_costs_of_another_chain_or_token_are_refused_by_every_command(
    tmp_path: Path, settings: Any, change: dict[str, Any]
) -> None:
    settings.DATA_DIR = tmp_path
    words, costs = arguments(tmp_path, trials=40), old_costs(tmp_path)
    cache = json.loads(costs.read_text())
    cache["metadata"] |= change
    costs.write_text(json.dumps(cache))
    evaluate = [*words[:4], "--strategy", "passive_hold", "--trade-size", "1000", "--json"]
    for command in (["optimize", "run", *words], ["evaluate", *evaluate]):
        err = StringIO()
        with pytest.raises(SystemExit) as stop:
            call_command(*command, stdout=StringIO(), stderr=err)
        assert stop.value.code == 2
        assert "of another market than the candles" in err.getvalue()
    assert not Study.objects.exists()
    out = StringIO()
    call_command("evaluate", *evaluate, "--force", stdout=out, stderr=StringIO())
    assert "an assumption" in json.loads(out.getvalue().splitlines()[-1])["warnings"][0]


def test_a_study_of_simulated_candles_says_so_before_anything_else(bench: Bench) -> None:
    said: list[str] = []
    made_up = bench.candles.rename(bench.folder / "simulated_PDAI-DAI_5m.parquet")
    origin = Origin(file=str(made_up), swap_costs=str(bench.costs))
    study = bootstrap.study_open(request=REQUEST, origin=origin, say=said.append)
    assert said[0].startswith("the candles are simulated: nobody ever traded at these prices")
    study.refresh_from_db()
    assert study_get(study.pk, datetime.now(UTC)).cost_warnings[0] == said[0]
    manifest = json.loads((bench.run_dir(study) / "manifest.json").read_text())
    assert manifest["source"]["candles"]["warnings"] == said[:1]
    data = bootstrap.study_source(study).data
    assert study_read(study=study, data=data, market="", quote="").facts.warnings[0] == said[0]


def test_a_bare_file_is_not_compared_and_the_manifest_says_so(bench: Bench) -> None:
    said: list[str] = []
    bare = bench.candles.rename(bench.folder / "mine.parquet")
    origin = Origin(file=str(bare), swap_costs=str(old_costs(bench.folder)))
    study = bootstrap.study_open(request=REQUEST, origin=origin, say=said.append)
    assert ["days old" in line for line in said[:2]] == [False, True]
    assert "candles are missing" in said[2]
    assert "were not compared with the candles" in said[0]
    assert study.manifest["source"]["costs"]["compared"].startswith("not compared")


def test_a_cut_window_and_a_size_beyond_the_costs_are_told_and_kept(bench: Bench) -> None:
    said: list[str] = []
    request = replace(REQUEST, windows=("2d", "9999d"), trade_size=Decimal(99_999_999))
    origin = Origin(file=str(bench.candles), swap_costs=str(bench.costs))
    study = bootstrap.study_open(request=request, origin=origin, say=said.append)
    size, window, missing, annual = said[-4:]
    assert "candles are missing" in missing
    assert "count 105,120 bars as a year" in annual
    assert size.startswith("trade size 99,999,999 is beyond the largest rung of swap costs")
    assert window == "window 9999d holds 4.7 days: there are no more candles before the holdout"
    manifest = json.loads((bench.run_dir(study) / "manifest.json").read_text())
    assert manifest["source"]["windows"]["warnings"] == [window]
    study.refresh_from_db()
    source = bootstrap.study_source(study)
    facts = study_read(study=study, data=source.data, market="", quote="").facts
    assert facts.warnings == tuple(said)
    assert study_get(study.pk, datetime.now(UTC)).cost_warnings == tuple(said)
    assert study_answer(study, {})["warnings"] == said


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_run_says_each_warning_once_and_every_result_carries_them(
    tmp_path: Path, settings: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    kernels_warm()
    settings.DATA_DIR = tmp_path
    words = arguments(tmp_path, trials=40)
    words[words.index("--candles-file") + 1] = str(other_candles(tmp_path, N_BARS))
    old_costs(tmp_path)
    out = StringIO()
    call_command("optimize", "run", *words, stdout=out, stderr=StringIO())
    answer = json.loads(out.getvalue().splitlines()[-1])
    err = capfd.readouterr().err
    for part in ("410 days old", "(pulsechain), the candles are of ETH/BTC"):
        assert err.count(part) == 1
        assert sum(part in warning for warning in answer["warnings"]) == 1
        run_dir = Path(answer["run_dir"])
        assert (run_dir / "report.html").read_text().count(part) == 1
        assert part in " ".join(json.loads((run_dir / "overall.json").read_text())["warnings"])
    assert not re.search(r"\[(warning|info)", err)


def test_evaluate_doubts_the_costs_too(
    tmp_path: Path, settings: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    settings.DATA_DIR = tmp_path
    out, err = StringIO(), StringIO()
    call_command(
        "evaluate", "--strategy", "passive_hold", "--trade-size", "1000", "--json",
        "--candles-file", str(other_candles(tmp_path)), "--swap-costs", str(old_costs(tmp_path)),
        stdout=out, stderr=err,
    )  # fmt: skip
    warnings = json.loads(out.getvalue().splitlines()[-1])["warnings"]
    assert warnings == err.getvalue().splitlines()
    assert ["PDAI/DAI" in line for line in warnings[:2]] == [True, False]
    assert "days old" not in capfd.readouterr().err


def test_evaluate_doubts_the_window_and_the_size(tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    out, err = StringIO(), StringIO()
    call_command(
        "evaluate", "--strategy", "passive_hold", "--trade-size", "99999999", "--window", "1y",
        "--candles-file", str(candles_file(tmp_path, 1_200)), "--json",
        "--swap-costs", str(costs_file(tmp_path)),
        stdout=out, stderr=err,
    )  # fmt: skip
    warnings = json.loads(out.getvalue().splitlines()[-1])["warnings"]
    assert warnings == err.getvalue().splitlines()
    assert "trade size 99,999,999 is beyond" in warnings[-5]
    assert warnings[-4] == "window 1y holds 5.9 days: there are no more candles"
    assert "candles are missing" in warnings[-3]
    assert "annual figures" in warnings[-2]
    assert "this run grew" in warnings[-1]


def test_costs_that_are_missing_are_measured_aloud(tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    said: list[str] = []
    told: list[int] = []

    def bar(n_rungs: int) -> AbstractContextManager[Progress]:
        told.append(n_rungs)
        return nullcontext(told.append)

    store, entries = market.swap_cost_store(), rungs_measured(17)
    store.save_unfinished({"metadata": PDAI_DAI.metadata(), "entries": entries})
    cache = market.swap_costs_measured(
        say=said.append, bar=bar, quoter_of=lambda _market: AnyQuoter()
    )
    assert len(cache.entries) == 20
    (line,) = said
    assert str(tmp_path / "swap_cost_cache.json") in line
    assert "measuring 3 rungs, less than a minute" in line
    assert told == [20, 18, 19, 20]
    again = market.swap_costs_measured(say=said.append, bar=bar)
    assert (again.entries, len(said)) == (cache.entries, 1)


class AnyQuoter(FakeQuoter):
    """Pays nine tenths of whatever is sold."""

    async def quote(self, *, sell: Any, buy: Any, amount: int) -> Any:
        from trading.market.ports.quotes import SwapQuote

        return SwapQuote(amount * 9 // 10, 150_000, 0.25)


def rungs_measured(count: int) -> dict[str, Any]:
    entry = {
        "buy": {"gas_use_estimate_usd": 0.2},
        "sell": {"gas_use_estimate_usd": 0.3},
        "derived": {"loss_rate": "0.03"},
        "generated_at": datetime.now(UTC).isoformat(),
    }
    return {str(5_000 * number): entry for number in range(1, count + 1)}


def test_offline_a_run_gives_up_soon_and_says_so_in_words(tmp_path: Path) -> None:
    words = arguments(tmp_path, trials=40)
    place = words.index("--swap-costs")
    del words[place : place + 2]
    nobody = "http://127.0.0.1:9"
    began = monotonic()
    done = subprocess.run(
        [sys.executable, "manage.py", "optimize", "run", *words],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "GUARDIAN_DATA_DIR": str(tmp_path / "data"),
            "DATABASE_URL": f"sqlite:///{tmp_path / 'desk.sqlite3'}",
            "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            **dict.fromkeys(("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"), nobody),
        },
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert (done.returncode, bool(done.stdout)) == (1, True), done.stderr
    assert monotonic() - began < 60
    assert json.loads(done.stdout.splitlines()[-1])["error"] == "venue_unavailable"
    assert done.stderr.count("measuring 20 rungs, about 5 min") == 1
    assert done.stderr.count("trying again in") == 4
    assert "give --swap-costs" in done.stderr
    assert "stamina" not in done.stderr
    assert not re.search(r"\[(warning|info|error)|Traceback", done.stderr)
    sent = json.loads((tmp_path / "data" / "swap_cost_cache.json.requests").read_text())
    assert len(sent) == 8


def test_a_study_goes_on_without_measuring_anew(bench: Bench) -> None:
    (bench.folder / "data").mkdir()
    old_costs(bench.folder).rename(bench.folder / "data" / "swap_cost_cache.json")
    study = bootstrap.study_open(
        request=REQUEST, origin=Origin(file=str(bench.candles)), say=lambda _line: None
    )
    (bench.folder / "data" / "swap_cost_cache.json").unlink()
    with pytest.raises(BadInputError, match="there is no such file"):
        bootstrap.study_source(Study.objects.get(pk=study.pk))
