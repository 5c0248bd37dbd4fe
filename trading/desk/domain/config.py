"""The whole configuration file as frozen values: which market, which bots, which policy.

Like ``policy``, these classes are what the configuration layers are validated against. What is
here besides the policy is read when a session or feed is created; the policy takes effect at the
next bar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

from trading.base.domain.currencies import BANKROLL_USUAL, check_amounts
from trading.base.domain.settings import check_ranges, setting
from trading.desk.domain.policy import BotRules, EntryGates, Policy, Sizing
from trading.market.domain.feed_kind import FeedKind
from trading.market.domain.instruments import Pair
from trading.market.domain.timeframes import timeframe_name

BOT_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}\Z")
BOT_NAME_TEXT: Final = "a name of 1 to 60 small letters, digits, - and _"


@dataclass(frozen=True, slots=True)
class SimulatedMarketConfig:
    """The seeded market that stands in while there is no real one; always labelled simulated."""

    seed: int = setting(7, "Seed of every simulated price", "", 0, 2**63 - 1)
    pairs: tuple[str, ...] = setting(
        ("BTC/USDT", "ETH/USDT", "SOL/USDT", "BNB/USDT"), "Pairs the simulated market makes"
    )
    history_bars: int = setting(
        1500, "Bars published at once, so that charts and bots start warm", "bars", 0, 1_000_000
    )
    bar_seconds: float = setting(1.0, "Wall time of one bar afterwards", "s", 0.001, 86_400)

    def __post_init__(self) -> None:
        check_ranges(self)
        _check_pairs(self.pairs)
        if not self.pairs:
            raise ValueError("pairs was empty; expected at least one pair")


@dataclass(frozen=True, slots=True)
class VenueConfig:
    """A venue followed through ccxt; empty id means none is configured."""

    id: str = setting("", "Name of the venue as ccxt spells it, empty for none")
    base_url: str = setting(
        "", "Address that replaces the venue's REST endpoint, empty for its own"
    )
    poll_s: float = setting(5.0, "Pause between two requests for new bars", "s", 0.1, 3600)
    history_bars: int = setting(
        500, "Bars fetched before the first live one, more where bots need more", "bars", 0, 100_000
    )
    skew_limit_s: float = setting(
        10.0, "How far the host's clock may be from the venue's", "s", 1.0, 3600
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.base_url and not self.base_url.startswith(("http://", "https://")):
            raise ValueError(f"base_url was {self.base_url!r}; expected http://... or https://...")


@dataclass(frozen=True, slots=True)
class MarketConfig:
    """Which market the desk follows when it is started without further words."""

    feed: FeedKind = setting(FeedKind.AUTO, "Where bars come from")
    pairs: tuple[str, ...] = setting((), "Pairs to follow, empty for all the source has")
    timeframe: str = setting("5m", "Length of a bar, a number and m, h or d")
    replay_bar_seconds: float = setting(
        1.0, "Wall time of one replayed bar, 0 for as fast as possible", "s", 0, 86_400
    )
    replay_history_bars: int = setting(
        1500, "Stored bars published at once when a replay starts", "bars", 0, 1_000_000
    )
    simulated: SimulatedMarketConfig = field(default_factory=SimulatedMarketConfig)
    venue: VenueConfig = field(default_factory=VenueConfig)

    def __post_init__(self) -> None:
        check_ranges(self)
        object.__setattr__(self, "timeframe", timeframe_name(self.timeframe))
        _check_pairs(self.pairs)


class BotCosts(StrEnum):
    """What an installed bot's fills cost."""

    PAIR = "pair"  # as every bot on the pair: swap costs on a chain, else the venue's fees
    SWAP = "swap"  # the desk's swap-cost cache, whatever the venue: as the optimizer reckons


@dataclass(frozen=True, slots=True)
class InstalledBot:
    """One ghost bot beside those of ``bots.strategies``, with its own parameters and rules."""

    venue: str = setting("", "Whose bars it follows, such as bybit")
    pair: str = setting("", "Its pair, BASE/QUOTE")
    timeframe: str = setting("5m", "Length of its bars")
    strategy: str = setting("", "Its strategy")
    params: dict[str, float] = setting(dict, "Parameters that differ from the strategy's own")
    trade_size: Decimal = setting(
        Decimal("1000"), "Starting money", "quote", Decimal("0.00000001"), 10**12
    )
    gates: EntryGates = setting(EntryGates.SYSTEM, "Who decides that a buy signal is acted on")
    sizing: Sizing = setting(Sizing.ALL_IN, "How much of its money an entry uses")
    is_stopped: bool = setting(False, "Protect its positions with the desk's stops")
    is_saving: bool = setting(True, "Set savings aside, which an evaluation does not know")
    costs: BotCosts = setting(BotCosts.SWAP, "What its fills cost")

    def __post_init__(self) -> None:
        check_ranges(self)
        Pair.parse(self.pair)
        object.__setattr__(self, "timeframe", timeframe_name(self.timeframe))
        if not self.venue:
            raise ValueError("venue was empty; expected whose bars the bot follows")

    @property
    def rules(self) -> BotRules:
        """Return where it departs from the desk's policy."""
        return BotRules(self.gates, self.sizing, self.is_stopped, self.is_saving)


@dataclass(frozen=True, slots=True)
class BotsConfig:
    """The ghost bots a session runs: one per pair and strategy."""

    strategies: tuple[str, ...] = setting(
        ("breakout", "momentum", "reversal"), "Strategies that run on every pair"
    )
    params: dict[str, dict[str, float]] = setting(
        dict, "Parameters that differ from the strategy's own, by strategy and name"
    )
    bankroll: Decimal = setting(
        BANKROLL_USUAL,
        "Starting money of each bot; scaled to the quote where its size is known",
        "dollars",
        Decimal("0.00000001"),
        10**12,
    )
    bankroll_by_quote: dict[str, Decimal] = setting(
        lambda: {"BTC": Decimal("0.02")},
        "Starting money where the quote currency has an amount of its own",
    )
    native_balance: Decimal = setting(
        Decimal("0.5"), "Ghost gas per bot on a chain, never refilled", "native coin", 0, 10**9
    )
    installed: dict[str, InstalledBot] = setting(
        dict, "Ghost bots with parameters and rules of their own, by name; each is a session"
    )
    atr_period: int = setting(14, "Bars of the average true range stops use", "bars", 2, 1000)
    pairs_per_shard: int = setting(
        8, "Pairs one session runs before another is opened", "pairs", 1, 1000
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        check_amounts("bankroll_by_quote", self.bankroll_by_quote, least="more than 0")
        for name in self.installed:
            if not BOT_NAME.match(name):
                raise ValueError(f"installed was {name!r}; expected {BOT_NAME_TEXT}")
        if len(set(self.strategies)) != len(self.strategies):
            raise ValueError(f"strategies was {', '.join(self.strategies)}; expected each one once")


@dataclass(frozen=True, slots=True)
class DeskConfig:
    """Root of ``config/desk.yaml``."""

    market: MarketConfig = field(default_factory=MarketConfig)
    bots: BotsConfig = field(default_factory=BotsConfig)
    policy: Policy = field(default_factory=Policy)


def _check_pairs(pairs: tuple[str, ...]) -> None:
    for pair in pairs:
        Pair.parse(pair)
    if len(set(pairs)) != len(pairs):
        raise ValueError(f"pairs was {', '.join(pairs)}; expected each pair once")
