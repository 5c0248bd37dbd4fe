"""Installing a ghost bot: what is written, what is refused and why, and that twice is once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from optimizer.domain.overlays import PARAMS
from tests.factories import desk
from tests.fakes.candles import MemoryCandleStore, series
from tests.fakes.clock import FakeClock
from tests.fakes.config_folder import ConfigFolder
from tests.oracles.desk_parity import entries_of
from tests.oracles.paths import schedule
from trading.base.domain.errors import BadInputError, TradingError
from trading.desk.models import Bot, ConfigRevision, DeskSession, Mode, SessionFact
from trading.desk.services.bots.following import ghosts_follow, ghosts_stop
from trading.desk.services.bots.installing import OVERLAYS, BotInstallation, bot_install, bot_remove
from trading.desk.services.config.overrides import config_rollback, current_config, override_set
from trading.desk.services.sessions.opening import MarketPlan, desk_open
from trading.market.domain.feed_kind import FeedKind
from trading.market.ports.candles import SeriesKey

pytestmark = pytest.mark.django_db
CLOCK = FakeClock()
ENTRIES = entries_of(schedule())
ASKED: dict[str, Any] = {
    "name": "trial-12",
    "strategy": "donchian_champion",
    "params": {"entry_days": 3.0},
    "venue": "bybit",
    "pair": "ETH/USDT",
    "timeframe": "5m",
    "trade_size": 250.0,
    "by": "olga",
    "why": "best of study 4",
}


@pytest.fixture(autouse=True)
def own_configuration(tmp_path: Path, settings: Settings) -> None:
    """Point the desk at a configuration of the test's own."""
    settings.CONFIG_PATH = ConfigFolder(tmp_path).root


def install(*, stored: bool = True, entries: Any = ENTRIES, **changes: Any) -> BotInstallation:
    store = MemoryCandleStore()
    if stored:
        store.replace(SeriesKey("bybit", "ETH/USDT", "5m"), series(10), source="test")
    asked: Any = ASKED | changes
    return bot_install(asked, store=store, swap_cost_entries=entries, clock=CLOCK)


def test_a_bot_is_a_revision_with_who_why_and_what() -> None:
    made = install()
    assert (made.name, made.revision, made.session_id, made.is_new) == ("trial-12", 1, None, True)
    revision = ConfigRevision.objects.get()
    assert (revision.author, revision.reason) == ("olga", "best of study 4")
    assert revision.diff["bots.installed"][0] == {}
    bot = current_config().config.bots.installed["trial-12"]
    assert (bot.strategy, bot.pair, bot.trade_size) == ("donchian_champion", "ETH/USDT", 250)
    assert bot.params["entry_days"] == 3.0
    assert bot.params["exit_days"] == 2.0  # a later default must not change the bot


def test_without_a_feed_the_answer_names_what_to_start() -> None:
    made = install()
    assert "desk start --venue bybit --pairs ETH/USDT --timeframe 5m" in made.note
    assert "savings discipline" in made.note
    assert not DeskSession.objects.exists()


def test_on_a_running_feed_it_starts_at_once_and_only_warms_up_on_what_was() -> None:
    feed = desk.feed(venue="bybit", is_simulated=False)
    desk.bars(feed, "ETH/USDT", [100.0, 101.0, 102.0])
    made = install(stored=False)
    session = DeskSession.objects.get(pk=made.session_id)
    assert (session.feed_id, session.mode, session.pairs) == (feed.pk, "ghost", ["ETH/USDT"])
    assert SessionFact.objects.get(session=session, n=0).payload["warm_through_seq"] == 3
    bot = Bot.objects.get(session=session)
    assert (bot.name, bot.strategy, bot.bankroll) == ("trial-12", "donchian_champion", 250)
    assert "from the next bar on" in made.note
    assert "looks back on 865 bars and the feed has 3, so it can first buy in about 3.0 days" in (
        made.note
    )


def test_a_feed_with_enough_bars_has_warmed_it_up() -> None:
    feed = desk.feed(venue="bybit", is_simulated=False)
    desk.bars(feed, "ETH/USDT", [100.0 + i % 7 for i in range(200)])
    made = install(params={"entry_days": 0.2, "exit_days": 0.1, "ema_exit_days": 0.1})
    assert "have warmed it up; what it would hold already it does not buy" in made.note


def test_a_strategy_without_memory_begins_with_the_next_bar() -> None:
    feed = desk.feed(venue="bybit", is_simulated=False)
    desk.bars(feed, "ETH/USDT", [100.0, 101.0])
    made = install(strategy="passive_hold", params={})
    session = DeskSession.objects.get(pk=made.session_id)
    assert session.cursor_seq == 2
    assert "acts on its first bar" in made.note


def test_the_same_trial_again_is_the_same_bot_whatever_it_is_called() -> None:
    desk.feed(venue="bybit", is_simulated=False)
    first = install()
    for name in ("trial-12", "another"):
        again = install(name=name, trade_size="250", params={"entry_days": 3})
        assert (again.name, again.revision, again.session_id) == ("trial-12", 1, first.session_id)
        assert not again.is_new
    assert ConfigRevision.objects.count() == DeskSession.objects.count() == 1


def test_other_parameters_or_another_size_are_another_bot() -> None:
    install()
    install(name="larger", trade_size=500)
    install(name="faster", params={"entry_days": 2.0})
    assert set(current_config().config.bots.installed) == {"trial-12", "larger", "faster"}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"strategy": "donchian_champ"}, "did you mean 'donchian_champion'?"),
        ({"params": {"entry_dayz": 3.0}}, "donchian_champion has no parameter 'entry_dayz'"),
        ({"params": {"entry_days": -1.0}}, "entry_days was -1.0; expected 0 to 365 days"),
        ({"params": {"risk_cap_pct": 0.1}}, "risk_cap_pct was 0.1; the desk runs no overlays"),
        ({"name": "Trial 12"}, "bot name was 'Trial 12'; expected a name of"),
        ({"pair": "ETH"}, "pair was 'ETH'; expected BASE/QUOTE"),
        ({"pair": "ADA/USDT"}, "no 5m candles of ADA/USDT on 'bybit' are stored or streamed"),
        ({"timeframe": "5x"}, "5x"),
        ({"trade_size": 0}, "trade size was 0; expected an amount"),
        ({"trade_size": "much"}, "trade size was 'much'; expected an amount"),
        ({"trade_size": 4}, "trade size was 4; the least order on ETH/USDT is 5"),
        ({"entries": None}, "run: manage.py swap_costs refresh"),
        ({"by": " "}, "author was ' '"),
        ({"why": ""}, "reason was ''"),
    ],
)  # fmt: skip
def test_what_cannot_be_installed_is_refused_in_one_line(changes: dict, line: str) -> None:
    with pytest.raises(TradingError) as caught:
        install(**changes)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not ConfigRevision.objects.exists()


def test_a_name_in_use_is_refused() -> None:
    install()
    with pytest.raises(BadInputError, match="'trial-12' belongs to another bot"):
        install(trade_size=999)


def test_every_overlay_of_the_optimizer_is_known_here() -> None:
    assert {param.name for param in PARAMS} == {*OVERLAYS, "regime_exit_days"}


def test_overlays_that_are_off_do_no_harm() -> None:
    off = {"entry_days": 3.0, "risk_cap_pct": 0.0, "regime_entry_days": 0, "regime_exit_days": 10}
    assert install(params=off).is_new


def test_removing_stops_its_session_and_leaves_the_others() -> None:
    desk.feed(venue="bybit", is_simulated=False)
    gone, kept = install(), install(name="larger", trade_size=500)
    assert bot_remove(name="trial-12", author="olga", reason="enough", clock=CLOCK) == 3
    wanted = dict(DeskSession.objects.values_list("pk", "is_wanted"))
    assert wanted == {gone.session_id: False, kept.session_id: True}
    with pytest.raises(BadInputError, match="installed are: larger"):
        bot_remove(name="trial-12", author="olga", reason="enough", clock=CLOCK)


def follow() -> tuple[list[str], list[str]]:
    config = current_config().config
    return ghosts_follow(config=config, swap_cost_entries=lambda: ENTRIES, clock=CLOCK)


def test_a_rollback_stops_the_bot_and_rolling_forward_starts_it_once() -> None:
    desk.feed(venue="bybit", is_simulated=False)
    install()
    assert follow() == ([], [])
    config_rollback(number=0, reason="was wrong", author="olga", clock=CLOCK)
    assert follow() == ([], ["trial-12"])
    config_rollback(number=1, reason="was right", author="olga", clock=CLOCK)
    assert follow() == ([], [])  # the operator's stop on this feed stands
    assert install().session_id != DeskSession.objects.earliest("pk").pk  # until asked again


def test_a_bot_written_in_the_admin_is_started() -> None:
    desk.feed(venue="bybit", is_simulated=False)
    entry = {"venue": "bybit", "pair": "ETH/USDT", "strategy": "hybrid_v2", "trade_size": "100"}
    override_set(
        changes={"bots.installed": {"mine": entry}}, reason="a test", author="olga", clock=CLOCK
    )
    assert follow() == (["mine"], [])
    assert Bot.objects.get().bankroll == Decimal(100)
    assert follow() == ([], [])


def test_configured_bots_are_none_of_its_business() -> None:
    session = desk.session(desk.feed(venue="bybit"))
    desk.bot(session)
    assert ghosts_stop(config=current_config().config) == []
    session.refresh_from_db()
    assert session.is_wanted


def test_a_desk_that_starts_on_its_market_starts_it_too() -> None:
    install()
    plan = MarketPlan(FeedKind.REPLAY, "bybit", "5m", ("BTC/USDT", "ETH/USDT"), {})
    config = current_config().config
    common, own = desk_open(
        plan=plan, config=config, mode=Mode.GHOST, swap_cost_entries=ENTRIES, clock=CLOCK
    )
    assert common.pairs == ["BTC/USDT", "ETH/USDT"]
    assert [(bot.name, bot.pair) for bot in own.bots.all()] == [("trial-12", "ETH/USDT")]
    assert not common.bots.exclude(name="").exists()


def test_a_desk_on_another_market_does_not() -> None:
    install()
    plan = MarketPlan(FeedKind.REPLAY, "other", "5m", ("ETH/USDT",), {})
    config = current_config().config
    [common] = desk_open(
        plan=plan, config=config, mode=Mode.GHOST, swap_cost_entries=ENTRIES, clock=CLOCK
    )
    assert not common.bots.exclude(name="").exists()
