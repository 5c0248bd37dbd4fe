"""Say which days a study is about: its windows, and the newest part, which the search never sees.

A window counts back from where that part, the holdout, begins; only without a holdout does it count
back from the end of the candles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from optimizer.domain.periods import MS_PER_DAY, window_parse, window_start
from optimizer.domain.study.data import search_stop
from trading.market.domain.bars import IntArray

EMBARGO_DAYS: Final = 1.0  # where a study does not say
# A window of as many days as the candles is a bar or a part of a day longer than they are, because
# feeds begin and end within a day; what lacks less than a whole day is still what its label says.
LEAST_CUT_MS: Final = MS_PER_DAY
_WRITTEN: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of candles; ms UTC, the end exclusive."""

    label: str
    begins: int
    ends: int

    @property
    def days(self) -> str:
        """Return its first and last day, UTC."""
        return f"{_at(self.begins):%Y-%m-%d} to {_at(self.ends - 1):%Y-%m-%d}"

    @property
    def times(self) -> dict[str, str]:
        """Return its ends as ISO-8601 UTC, the second one exclusive."""
        return {"from": f"{_at(self.begins):{_WRITTEN}}", "to": f"{_at(self.ends):{_WRITTEN}}"}


@dataclass(frozen=True, slots=True)
class Stretches:
    """The stretches of one study.

    Attributes:
        windows: in the study's order; none where the candles are not at hand.
        holdout: what was kept from the search, the embargo at its beginning included; None where
            nothing was kept.
    """

    windows: tuple[Stretch, ...] = ()
    holdout: Stretch | None = None

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Return what every stretch is called and its days, the holdout last."""
        every = (*self.windows, *((self.holdout,) if self.holdout else ()))
        return [(stretch.label, stretch.days) for stretch in every]

    @property
    def counted_from(self) -> str:
        """Return where windows count back from, in words."""
        return "where the holdout begins" if self.holdout else "the end of the candles"

    def window(self, label: str) -> Stretch | None:
        """Return one window, None where its days are not known."""
        return next((found for found in self.windows if found.label == label), None)

    def as_json(self) -> dict[str, Any]:
        """Return the stretches as they are stored; ``stretches_read`` reads them again."""
        return {
            "windows": {window.label: window.times for window in self.windows},
            "holdout": self.holdout.times if self.holdout else None,
        }


def stretches_cut(
    open_time: IntArray, step_ms: int, windows: Sequence[str], holdout_share: float
) -> Stretches:
    """Return the stretches of a study on these candles.

    Args:
        open_time: int64[n], ms UTC, all candles.
        step_ms: length of a candle.
        windows: labels.
        holdout_share: newest part of the candles that is kept, 0 to 0.5.

    Raises:
        BadInputError: the share is out of range, too few candles are left, or a label is unknown.
    """
    stop = search_stop(len(open_time), holdout_share)
    searched = open_time[:stop]

    def stretch(label: str, first: int, last: int) -> Stretch:
        return Stretch(label, int(open_time[first]), int(open_time[last]) + step_ms)

    return Stretches(
        tuple(
            stretch(label, window_start(searched, window_parse(label)), stop - 1)
            for label in windows
        ),
        stretch("holdout", stop, -1) if stop < len(open_time) else None,
    )


def cut_warnings(stretches: Stretches, first_ms: int) -> tuple[str, ...]:
    """Return a sentence for every window that is longer than the candles before its end.

    Such a window is not refused, it begins with the candles; but its label says more than it holds.

    Args:
        stretches: of a study.
        first_ms: where its candles begin.
    """
    why = f"there are no more candles{' before the holdout' if stretches.holdout else ''}"
    return tuple(
        f"window {window.label} holds {_length(window.ends - window.begins)}: {why}"
        for window in stretches.windows
        if window.begins == first_ms and _lacking_ms(window) >= LEAST_CUT_MS
    )


def stretches_read(stored: Mapping[str, Any], windows: Sequence[str]) -> Stretches:
    """Return stretches from ``Stretches.as_json``; none for a study that stored none.

    Args:
        stored: as a database gives it back, its keys in any order.
        windows: labels, in the order wanted.
    """
    found, holdout = stored.get("windows", {}), stored.get("holdout")
    return Stretches(
        tuple(_read(label, found[label]) for label in windows if label in found),
        _read("holdout", holdout) if holdout else None,
    )


def left_out(embargo_days: float) -> str:
    """Return the embargo between what is chosen on and what is tested on, in words."""
    if embargo_days == 0.0:
        return "nothing left out between"
    return f"{embargo_days:g} day{'' if embargo_days == 1.0 else 's'} left out between"


def walk_forward_sentence(embargo_days: float) -> str:
    """Return what a walk-forward does; the report and the live page say the same."""
    return (
        "At each step the best on one stretch, of the trials proposed before the search knew a "
        f"result, is run on the stretch after it, {left_out(embargo_days)}. What holds up earns "
        "there too."
    )


def _lacking_ms(window: Stretch) -> int:
    days = window_parse(window.label).days
    return 0 if days is None else days * MS_PER_DAY - (window.ends - window.begins)


def _length(length_ms: int) -> str:
    tenths = 10 * length_ms // MS_PER_DAY  # never more than there are
    days = tenths / 10 if tenths < 100 else tenths // 10
    return f"{days:,g} day{'' if days == 1 else 's'}"


def _read(label: str, times: Mapping[str, str]) -> Stretch:
    begins, ends = (datetime.fromisoformat(times[end]).timestamp() for end in ("from", "to"))
    return Stretch(label, round(begins * 1000), round(ends * 1000))


def _at(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)
