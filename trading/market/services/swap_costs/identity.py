"""Say what swap costs are of, and in what the candles they are used with are of something else.

The rule for files that name no pair, as the original's: their tokens say what they are of on the
chain they live on, so candles of that chain are held to them. A venue without a chain has no
tokens: there such costs are an assumption, which is said, but for the very pair the other way
round. A file that names its pair is held to it everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from trading.base.domain.errors import BadInputError
from trading.market.domain.instruments import CHAIN_OF_VENUE, SIMULATED_VENUE, Pair
from trading.market.services.swap_costs.market import AGGREGATOR, PDAI_DAI

SIMULATED: Final = SIMULATED_VENUE  # source and venue of costs that were never measured
CHAIN_IDS: Final[Mapping[str, int]] = {"pulsechain": 369}
# by chain and symbol, lower case; what other tokens are called has to be said by the file
TOKENS: Final[Mapping[tuple[int, str], str]] = {
    (PDAI_DAI.chain_id, symbol): token.address.lower()
    for symbol, token in zip(
        PDAI_DAI.pair.split("/"), (PDAI_DAI.asset, PDAI_DAI.quote), strict=True
    )
}
_SYMBOLS: Final = {(chain, address): symbol for (chain, symbol), address in TOKENS.items()}


class CostsMismatchError(BadInputError):
    """Swap costs are of another token, chain or direction than the candles."""

    code = "costs_mismatch"


@dataclass(frozen=True, slots=True)
class CostIdentity:
    """What a cost file says it is of; an empty field or a chain of 0 was not said.

    Attributes:
        pairs: ``BASE/QUOTE`` as candles call them, sizes are in QUOTE; several only when simulated.
        chain_id: where it was measured.
        asset, quote: addresses of the token traded and the token paid, lower case.
        source: who was asked, or ``simulated``.
    """

    pairs: tuple[str, ...] = ()
    chain_id: int = 0
    asset: str = ""
    quote: str = ""
    source: str = ""

    @property
    def is_simulated(self) -> bool:
        """Return whether nobody measured them."""
        return self.source == SIMULATED

    @property
    def known_pair(self) -> str:
        """Return the pair it is of: as stated, or as its tokens are called; empty if neither."""
        if self.pairs:
            return ", ".join(self.pairs)
        symbols = [_SYMBOLS.get((self.chain_id, token)) for token in (self.asset, self.quote)]
        return "/".join(symbol for symbol in symbols if symbol) if all(symbols) else ""

    def __str__(self) -> str:
        tokens = f"token {self.asset} paid in {self.quote}" if self.asset and self.quote else ""
        what = self.known_pair or tokens or "a market it does not name"
        chain = f" on {chain_name(self.chain_id)}" if self.chain_id else ""
        return f"{what}{chain}{', simulated' if self.is_simulated else ''}"

    def differences(self, venue: str, pair: str) -> tuple[str, ...]:
        """Return in what candles of ``venue`` and ``pair`` are of something else; empty if unknown.

        Each is a phrase such as ``token HEX, not PDAI``.
        """
        if self.is_simulated:
            other = bool(venue) and venue != SIMULATED
            return (f"{SIMULATED}, not measured on {venue}",) if other else self._pair(pair)
        chain = CHAIN_IDS.get(CHAIN_OF_VENUE.get(venue, ""), 0)
        found = []
        if chain and self.chain_id and chain != self.chain_id:
            found.append(f"{chain_name(self.chain_id)}, not {chain_name(chain)}")
        found += self._pair(pair)
        if chain and pair and not found:
            found += self._tokens(chain, *pair.split("/"))
        return tuple(found)

    def _pair(self, pair: str) -> tuple[str, ...]:
        if not pair or pair in self.pairs:
            return ()
        base, quote = pair.split("/")
        if f"{quote}/{base}" in (self.pairs or (self.known_pair,)):
            return (f"direction {quote}/{base}, sizes in {base}, not {pair}, sizes in {quote}",)
        if not self.pairs:
            return ()
        return (f"{self.known_pair}, not {pair}",)

    def _tokens(self, chain: int, base: str, quote: str) -> list[str]:
        sides = (("token", base, self.asset), ("paid token", quote, self.quote))
        found = []
        for name, symbol, address in sides:
            known, called = TOKENS.get((chain, symbol)), _SYMBOLS.get((chain, address))
            is_other = address and (address != known if known else called is not None)
            if is_other:
                found.append(f"{name} {called or address}, not {symbol}")
        return found


UNKNOWN: Final = CostIdentity()


class CostEntries(dict[str, Any]):
    """The rungs of a cache by notional as text, and what they are of."""

    def __init__(self, entries: Mapping[str, Any], identity: CostIdentity, name: str) -> None:
        super().__init__(entries)
        self.identity, self.name = identity, name


def entries_fit(entries: Mapping[str, Any] | None, venue: str, pairs: Iterable[str]) -> None:
    """Refuse rungs of a cache that is of something else than a market that would pay them.

    Raises:
        CostsMismatchError: they are; rungs that do not say what they are of fit everything.
    """
    if not isinstance(entries, CostEntries):
        return
    for pair in pairs:
        if found := entries.identity.differences(venue, pair):
            raise CostsMismatchError(
                f"swap costs {entries.name!r} are of another market than {pair} on {venue!r}: "
                f"{'; '.join(found)}; put costs of {pair} there, see swap_costs refresh"
            )


def chain_name(chain_id: int) -> str:
    """Return how a chain is said."""
    named = next((name for name, number in CHAIN_IDS.items() if number == chain_id), "")
    return f"chain {chain_id} ({named})" if named else f"chain {chain_id}"


def identity_of(metadata: Mapping[str, Any]) -> CostIdentity:
    """Return what the metadata of a cache say it is of.

    Raises:
        BadInputError: a field holds something impossible.
    """
    stated = metadata.get("pairs") or ([metadata["pair"]] if metadata.get("pair") else [])
    if not isinstance(stated, list) or not all(isinstance(name, str) for name in stated):
        raise BadInputError(f"metadata pairs were {stated!r}; expected names such as PDAI/DAI")
    return CostIdentity(
        pairs=tuple(str(Pair.parse(name)) for name in stated),
        chain_id=_chain_id(metadata.get("chain_id")),
        asset=str(metadata.get("asset_address") or "").lower(),
        quote=str(metadata.get("quote_address") or "").lower(),
        source=str(metadata.get("source") or (AGGREGATOR if metadata else "")),
    )


def _chain_id(stated: object) -> int:
    if stated is None:
        return 0
    try:
        if isinstance(stated, int | str) and not isinstance(stated, bool) and int(stated) > 0:
            return int(stated)
    except ValueError:
        pass
    raise BadInputError(f"metadata chain_id was {stated!r}; expected a number above 0")
