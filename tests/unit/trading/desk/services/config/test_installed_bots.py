"""The map of installed bots: each entry is a section, checked like any other."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.fakes.config_folder import ConfigFolder
from trading.desk.domain.policy import BotRules, EntryGates, Sizing
from trading.desk.services.config.loading import config_dump, origin_of
from trading.desk.services.config.problems import InvalidConfigError

MINE = {"venue": "bybit", "pair": "ETH/USDT", "strategy": "hybrid_v2", "trade_size": "250.5"}


def problem(folder: ConfigFolder, **changes: object) -> str:
    with pytest.raises(InvalidConfigError) as caught:
        folder.load(overrides={"bots.installed": {"mine": MINE | changes}})
    return str(caught.value)


def test_an_entry_is_a_section_with_its_own_defaults(folder: ConfigFolder) -> None:
    config = folder.load(overrides={"bots.installed": {"mine": MINE}}).config
    bot = config.bots.installed["mine"]
    assert (bot.trade_size, bot.timeframe, bot.params) == (Decimal("250.5"), "5m", {})
    assert bot.rules == BotRules(EntryGates.SYSTEM, Sizing.ALL_IN, is_stopped=False, is_saving=True)


def test_layers_meet_inside_an_entry(folder: ConfigFolder) -> None:
    folder.write("site.yaml", """
        bots:
          installed:
            mine: {venue: bybit, pair: ETH/USDT, strategy: hybrid_v2, params: {n_sma: 90}}
    """)  # fmt: skip
    resolved = folder.load(command_line=["bots.installed.mine.is_saving=false"])
    bot = resolved.config.bots.installed["mine"]
    assert (bot.is_saving, bot.params) == (False, {"n_sma": 90})
    assert origin_of(resolved, "bots.installed.mine.is_saving").startswith("command line")
    assert "site.yaml:4" in origin_of(resolved, "bots.installed.mine.pair")


def test_what_is_written_down_can_be_read_back(folder: ConfigFolder) -> None:
    once = folder.load(overrides={"bots.installed": {"mine": MINE}})
    again = folder.load(overrides={"bots": config_dump(once.config)["bots"]})
    assert again.config == once.config
    assert again.digest == once.digest != folder.load().digest


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"strategy": "hybrid"}, "bots.installed.mine: strategy was 'hybrid', which is not known"),
        ({"params": {"n_smaa": 3}}, "bots.installed.mine: hybrid_v2 has no parameter 'n_smaa'"),
        ({"pair": "ETH"}, "bots.installed.mine.pair was 'ETH'; expected BASE/QUOTE"),
        ({"venue": ""}, "bots.installed.mine.venue was empty"),
        ({"timeframe": "5x"}, "'5x'"),
        ({"trade_size": "0"}, "bots.installed.mine.trade_size was '0'; expected"),
        ({"gates": "none"}, "bots.installed.mine.gates was 'none'; expected one of desk, system"),
        ({"tradesize": 1}, "did you mean bots.installed.mine.trade_size?"),
        ({"is_stopped": "maybe"}, "bots.installed.mine.is_stopped was 'maybe'"),
    ],
)  # fmt: skip
def test_a_bad_value_is_named_with_its_place(
    folder: ConfigFolder, changes: dict, line: str
) -> None:
    text = problem(folder, **changes)
    assert line in text
    assert "revision 3" in text
    assert "\n" not in text


def test_names_and_shapes_are_checked(folder: ConfigFolder) -> None:
    with pytest.raises(InvalidConfigError, match="installed was 'My bot'; expected a name of"):
        folder.load(overrides={"bots.installed": {"My bot": MINE}})
    with pytest.raises(InvalidConfigError, match="expected a section with settings below it"):
        folder.load(overrides={"bots.installed": {"mine": "hybrid_v2"}})
