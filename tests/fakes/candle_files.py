"""Candle files as people bring them, and the command that takes them."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.core.management import call_command

from tests.fakes.candles import series

NAME = ("--venue", "bybit", "--pair", "BTC/USDT", "--timeframe", "5m")


def frame(n: int = 50, **changes: Any) -> pd.DataFrame:
    bars = series(n, **changes)
    table = pd.DataFrame(
        dict(zip(("open", "high", "low", "close", "volume"), bars.values, strict=True))
    )
    table.insert(0, "timestamp", pd.to_datetime(bars.open_time, unit="ms", utc=True))
    return table


def run(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("candles", *arguments, "--json", stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return answer


def refused(*arguments: str) -> str:
    """Return the one line printed by a command that must end with exit code 2."""
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("candles", *arguments, stdout=out, stderr=err)
    assert stopped.value.code == 2
    assert out.getvalue() == ""
    (line,) = err.getvalue().splitlines()
    return line


def write_csv(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False)
