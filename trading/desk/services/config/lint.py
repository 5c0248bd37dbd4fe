"""Find settings that are valid and yet do nothing, or that contradict each other.

Valid values can still be wrong together: a threshold another gate already guarantees, a fee of an
order type that is not used, a database override the environment hides. The arithmetic of inert
thresholds is ``trading.signals.domain.proposals``; the rest are the rules below.
Source: reference specification platform 2.4, "ship a config lint".
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from trading.base.domain.currencies import CURRENCIES, is_stable
from trading.desk.domain.config import DeskConfig, MarketConfig
from trading.desk.domain.policy import EntryOrder, Sizing
from trading.desk.services.config.loading import ResolvedConfig, origin_of
from trading.desk.services.config.tree import DEFAULT
from trading.market.domain.feed_kind import FeedKind
from trading.market.domain.instruments import Pair
from trading.treasury.domain.policy import FeePolicy


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend."""

    # inert, contradiction, shadowed, invalid, unknown, unsized; note: inert, but nobody set it
    code: str
    path: str
    origin: str
    message: str

    def __str__(self) -> str:
        origin = f" [{self.origin}]" if self.origin else ""
        return f"{self.code}: {self.message}{origin}"


@dataclass(frozen=True, slots=True)
class _Unused:
    """Settings that only count under a condition."""

    paths: tuple[str, ...]
    is_used: Callable[[DeskConfig], bool]
    because: str


_FEEDS_REPLAY: Final = (FeedKind.AUTO, FeedKind.REPLAY)
_FEEDS_SIMULATED: Final = (FeedKind.AUTO, FeedKind.SIMULATED)
_FEEDS_VENUE: Final = (FeedKind.AUTO, FeedKind.CCXT)

_UNUSED: Final = (
    _Unused(
        ("policy.execution.limit_ttl_bars",),
        lambda c: c.policy.execution.entry_order is EntryOrder.LIMIT,
        "policy.execution.entry_order is not limit",
    ),
    _Unused(
        ("policy.risk.risk_per_trade_pct",),
        lambda c: c.policy.execution.sizing is Sizing.RISK,
        "policy.execution.sizing is not risk",
    ),
    _Unused(
        ("policy.risk.loss_streak",),
        lambda c: c.policy.risk.loss_streak_cooldown_bars > 0,
        "policy.risk.loss_streak_cooldown_bars is 0",
    ),
    _Unused(
        (
            "policy.savings.transfer_fixed",
            "policy.savings.transfer_fixed_by_quote",
            "policy.savings.transfer_bps",
        ),
        lambda c: c.policy.savings.fee_policy is FeePolicy.TRANSFER_COST,
        "policy.savings.fee_policy is not transfer_cost",
    ),
    _Unused(
        ("policy.savings.plan_fee_ratio",),
        lambda c: c.policy.savings.fee_policy is FeePolicy.PLAN_NOTIONAL_GUESS,
        "policy.savings.fee_policy is not plan_notional_guess",
    ),
    _Unused(
        (
            "policy.stops.atr_multiple",
            "policy.stops.breakeven_pct",
            "policy.stops.trail_activation_pct",
            "policy.stops.trail_atr_multiple",
            "policy.stops.emergency_pct",
        ),
        lambda c: c.policy.stops.enabled,
        "policy.stops.enabled is false",
    ),
    _Unused(
        ("market.simulated",),
        lambda c: c.market.feed in _FEEDS_SIMULATED,
        "market.feed is neither auto nor simulated",
    ),
    _Unused(
        ("market.replay_bar_seconds", "market.replay_history_bars"),
        lambda c: c.market.feed in _FEEDS_REPLAY,
        "market.feed is neither auto nor replay",
    ),
    _Unused(
        ("market.venue",),
        lambda c: c.market.feed in _FEEDS_VENUE,
        "market.feed is neither auto nor ccxt",
    ),
    _Unused(
        tuple(
            f"market.venue.{name}"
            for name in ("base_url", "poll_s", "history_bars", "skew_limit_s")
        ),
        lambda c: bool(c.market.venue.id),
        "market.venue.id is empty",
    ),
)


def config_lint(
    resolved: ResolvedConfig,
    overrides: Mapping[str, Any],
    *,
    venue_problem: Callable[[str], str | None],
) -> tuple[Finding, ...]:
    """Return every finding about a valid configuration.

    Args:
        resolved: the configuration in force.
        overrides: the database's overrides, to find those that a higher layer hides.
        venue_problem: says what is wrong with the name of a venue that is to be followed.
    """
    findings = [
        *_unknown_venue(resolved, venue_problem),
        *_inert_thresholds(resolved),
        *_idle_thresholds(resolved),
        *_unused(resolved),
        *_contradictions(resolved),
        *_idle_params(resolved),
        *_unsized_bots(resolved),
        *_unknown_currencies(resolved),
        *_unsized_quotes(resolved),
        *_shadowed(resolved, overrides),
    ]
    return tuple(dict.fromkeys(findings))


def _unknown_venue(
    resolved: ResolvedConfig, venue_problem: Callable[[str], str | None]
) -> Iterator[Finding]:
    market, path = resolved.config.market, "market.venue.id"
    is_followed = market.venue.id and market.feed in _FEEDS_VENUE
    if is_followed and (problem := venue_problem(market.venue.id)):
        yield Finding("invalid", path, origin_of(resolved, path), problem)


def _inert_thresholds(resolved: ResolvedConfig) -> Iterator[Finding]:
    # numba stands behind the signals package; a page that only shows settings need not load it
    from trading.signals.domain.proposals import inert_thresholds

    for sentence in inert_thresholds(resolved.config.policy.signals):
        path = f"policy.{sentence.split(maxsplit=1)[0]}"
        yield Finding("inert", path, origin_of(resolved, path), f"policy.{sentence}")


def _idle_thresholds(resolved: ResolvedConfig) -> Iterator[Finding]:
    from trading.desk.services.config.thresholds import idle_thresholds

    for code, path, message in idle_thresholds(resolved.config):
        origin = origin_of(resolved, path)
        is_built_in = code == "inert" and origin == str(DEFAULT)
        yield Finding("note" if is_built_in else code, path, origin, message)


def _unused(resolved: ResolvedConfig) -> Iterator[Finding]:
    for rule in _UNUSED:
        if rule.is_used(resolved.config):
            continue
        for path in _set_below(resolved, rule.paths):
            message = f"{path} is set but does nothing: {rule.because}"
            yield Finding("inert", path, resolved.origins[path], message)


def _contradictions(resolved: ResolvedConfig) -> Iterator[Finding]:
    config = resolved.config
    risk, policy = config.policy.risk, config.policy
    checks: tuple[tuple[bool, str, str], ...] = (
        (
            config.market.feed is FeedKind.CCXT and not config.market.venue.id,
            "market.venue.id",
            "market.feed is ccxt but market.venue.id is empty; name the venue",
        ),
        (
            policy.execution.sizing is Sizing.RISK and not policy.stops.enabled,
            "policy.stops.enabled",
            "policy.execution.sizing is risk but policy.stops.enabled is false: "
            "without a stop there is no distance to size by",
        ),
        (
            not config.bots.strategies,
            "bots.strategies",
            "bots.strategies is empty: the desk would have no bots",
        ),
        (
            policy.scheduling.seats_per_bar > risk.max_open_positions,
            "policy.scheduling.seats_per_bar",
            f"policy.scheduling.seats_per_bar is {policy.scheduling.seats_per_bar}, but "
            f"policy.risk.max_open_positions is {risk.max_open_positions}: the rest stay empty",
        ),
        (
            policy.execution.sizing is Sizing.RISK
            and risk.risk_per_trade_pct > risk.daily_loss_pct,
            "policy.risk.risk_per_trade_pct",
            f"policy.risk.risk_per_trade_pct is {risk.risk_per_trade_pct:g} %, more than "
            f"policy.risk.daily_loss_pct {risk.daily_loss_pct:g} %: one stop may end the day",
        ),
        (
            policy.savings.ratio == 0,
            "policy.savings.ratio",
            "policy.savings.ratio is 0: every checkpoint is skipped as dust",
        ),
    )
    for is_wrong, path, message in checks:
        if is_wrong:
            yield Finding("contradiction", path, origin_of(resolved, path), message)


def _idle_params(resolved: ResolvedConfig) -> Iterator[Finding]:
    bots = resolved.config.bots
    for name in sorted(set(bots.params) - set(bots.strategies)):
        path = f"bots.params.{name}"
        message = f"{path} is set but does nothing: {name} is not in bots.strategies"
        yield Finding("inert", path, origin_of(resolved, path), message)


def _unsized_bots(resolved: ResolvedConfig) -> Iterator[Finding]:
    for name, bot in sorted(resolved.config.bots.installed.items()):
        if bot.sizing is Sizing.RISK and not bot.is_stopped:
            path = f"bots.installed.{name}.is_stopped"
            message = (
                f"{path} is false but its sizing is risk: "
                "without a stop there is no distance to size by"
            )
            yield Finding("contradiction", path, origin_of(resolved, path), message)


def _quotes(market: MarketConfig) -> set[str]:
    """Return the quote currencies of the pairs the configuration follows."""
    simulated = market.simulated.pairs if market.feed in _FEEDS_SIMULATED else ()
    return {Pair.parse(pair).quote for pair in (*market.pairs, *simulated)}


def _unknown_currencies(resolved: ResolvedConfig) -> Iterator[Finding]:
    config, savings = resolved.config, resolved.config.policy.savings
    installed = {Pair.parse(bot.pair).quote for bot in config.bots.installed.values()}
    known = CURRENCIES.keys() | _quotes(config.market) | installed
    maps: dict[str, Mapping[str, Any]] = {
        "bots.bankroll_by_quote": config.bots.bankroll_by_quote,
        "policy.savings.dust_by_quote": savings.dust_by_quote,
        "policy.savings.transfer_fixed_by_quote": savings.transfer_fixed_by_quote,
    }
    for path, amounts in maps.items():
        for code in sorted(amounts.keys() - known):
            near = difflib.get_close_matches(code, sorted(known), n=1)
            hint = f"; did you mean {near[0]}?" if near else "; no configured pair is quoted in it"
            message = f"{path}.{code} names a currency the desk does not know{hint}"
            yield Finding("unknown", f"{path}.{code}", origin_of(resolved, path), message)
    if not is_stable(savings.token):
        path = "policy.savings.token"
        message = f"{path} is {savings.token}, which is no stable coin the desk knows"
        yield Finding("unknown", path, origin_of(resolved, path), message)


def _unsized_quotes(resolved: ResolvedConfig) -> Iterator[Finding]:
    bots, path = resolved.config.bots, "bots.bankroll"
    sized = CURRENCIES.keys() | bots.bankroll_by_quote.keys()
    for code in sorted(_quotes(resolved.config.market) - sized):
        message = (
            f"{path} {bots.bankroll} counts as {bots.bankroll} {code}, because the desk does not "
            f"know what {code} is worth; set bots.bankroll_by_quote.{code}"
        )
        yield Finding("unsized", path, origin_of(resolved, path), message)


def _shadowed(resolved: ResolvedConfig, overrides: Mapping[str, Any]) -> Iterator[Finding]:
    for path in sorted(overrides):
        origin = origin_of(resolved, path)
        if not any(part.startswith("database") for part in origin.split("; ")):
            message = f"{path} is overridden in the database but does nothing: {origin} wins"
            yield Finding("shadowed", path, origin, message)


def _set_below(resolved: ResolvedConfig, paths: Iterable[str]) -> Iterator[str]:
    """Yield the settings at or below ``paths`` that somebody set on purpose."""
    for path, origin in resolved.origins.items():
        if origin == str(DEFAULT) or origin.startswith("profile"):
            continue
        if any(path == wanted or path.startswith(f"{wanted}.") for wanted in paths):
            yield path
