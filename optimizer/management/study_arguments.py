"""The options of ``optimize``, with what they say of themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from django.core.management.base import CommandParser

from optimizer.domain.objectives import OBJECTIVES
from optimizer.domain.search.samplers import COSTS
from optimizer.domain.systems import SYSTEMS
from optimizer.management.inputs import candles_add, force_add
from optimizer.services.studies.open.request import CPU_FRACTION, StudyRequest

_DEFAULT: Final = StudyRequest()
_SAMPLERS: Final = "; ".join(f"{name}, {cost}" for name, cost in COSTS.items())
_KEPT: Final = "as the study has it, unless given"


def search_add(parser: CommandParser) -> None:
    """Declare what is searched, how, and how long."""
    parser.add_argument(
        "--strategies",
        default="all",
        metavar="A,B",
        help=f"Some of {', '.join(SYSTEMS)}; or all (default), the eleven published ones",
    )
    parser.add_argument(
        "--objectives",
        default="all",
        metavar="A,B",
        help=f"Some of {', '.join(OBJECTIVES)}; or all (default); the first steers the search",
    )
    parser.add_argument(
        "--trials", default="2000", metavar="N", help="Parameter sets to try (default 2000)"
    )
    parser.add_argument(
        "--windows",
        default="30d,90d,1y",
        metavar="A,B",
        help="Days back from where the holdout begins, like 90d, 1y or all; the longest ranks "
        "(default 30d,90d,1y)",
    )
    parser.add_argument(
        "--sampler",
        default="cmaes",
        metavar="S",
        help=f"Who proposes parameters, with what that costs: {_SAMPLERS} (default cmaes)",
    )
    parser.add_argument(
        "--seed", default="7", metavar="N", help="The same seed finds the same (default 7)"
    )


def inputs_add(parser: CommandParser) -> None:
    """Declare candles, costs and how trades are made of them."""
    candles_add(parser)
    parser.add_argument(
        "--swap-costs",
        type=Path,
        metavar="F",
        help="Swap-cost cache, JSON; default the desk's own, measured first if there is none",
    )
    force_add(parser)
    parser.add_argument(
        "--trade-size",
        default="1000",
        metavar="N",
        help="Cash at the start, quote currency (default 1000)",
    )
    parser.add_argument(
        "--fill",
        default="next_open",
        help="A signal at a close fills at the next bar's open (next_open, the default) or "
        "close (next_close)",
    )


def care_add(parser: CommandParser) -> None:
    """Declare what is kept apart, given up and reported."""
    for option, default, says in (
        ("--warm-up-bars", "0", "Bars before a window that indicators may see"),
        ("--holdout-share", "0.2", "Newest share of the bars the search never sees, 0 to 0.5"),
        ("--embargo-days", "1", "Days between what is chosen on and what is tested on"),
        ("--report-every", "0", "Trials between two reports on the way, 0 for none"),
    ):
        parser.add_argument(
            option, default=default, metavar="N", help=f"{says} (default {default})"
        )
    parser.add_argument(  # without a default of its own: what is asked for and does nothing is said
        "--prune-share",
        metavar="N",
        help="Share of trials given up after an early window, 0 to 0.5; with one window there is "
        f"none (default {_DEFAULT.prune_share:g})",
    )


def workers_add(parser: CommandParser) -> None:
    """Declare who evaluates the trials of a new study."""
    _workers_add(
        parser,
        max_workers="the share of the cores below; of celery all there are",
        cpu_fraction=f"default {CPU_FRACTION:g}",
        workers_via="default local",
    )


def workers_keep(parser: CommandParser) -> None:
    """Declare who evaluates from now on; what is not given stays as it is."""
    _workers_add(parser, max_workers=_KEPT, cpu_fraction=_KEPT, workers_via=_KEPT)


def _workers_add(
    parser: CommandParser, *, max_workers: str, cpu_fraction: str, workers_via: str
) -> None:
    # of the two below one may be given; the parser would refuse both before it saw anything else
    parser.add_argument(
        "--max-workers",
        metavar="N",
        help="Processes that evaluate trials at the same time, of celery chunks of trials in "
        f"flight ({max_workers})",
    )
    parser.add_argument(
        "--cpu-fraction",
        metavar="N",
        help=f"Share of this machine's cores they take; not with celery, "
        f"not beside --max-workers ({cpu_fraction})",
    )
    parser.add_argument(
        "--workers-via",
        metavar="W",
        help=f"local, processes of this machine, or celery, those of all machines ({workers_via})",
    )
