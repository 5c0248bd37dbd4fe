"""Bring the installed bots' sessions in line with the configuration, every few seconds.

A rollback, a change in the admin or a crash between two steps needs nothing else. Where nothing is
or was installed this is two cheap reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from trading.base.domain.errors import BadInputError, ConfigError
from trading.base.domain.events import BOTS_FOLLOWED, BOTS_UNCHANGED
from trading.base.ports.clock import Clock
from trading.base.services.event_log import EventLog
from trading.desk.models import Bot
from trading.desk.services.bots import INSTALLED
from trading.desk.services.config.overrides import current_config, current_overrides

_log = EventLog(__name__)


def ghosts_keep(*, swap_cost_entries: Callable[[], Mapping[str, Any] | None], clock: Clock) -> None:
    """Start and stop what the configuration says; what cannot be is said in the log.

    Bots that only a file names start with their market, not here.
    """
    is_any_running = Bot.objects.exclude(name="").filter(session__is_wanted=True).exists()
    if not is_any_running and INSTALLED not in current_overrides():
        return
    # numba stands behind the sessions' start; a desk without installed bots need not load it
    from trading.desk.services.bots.following import ghosts_follow

    try:
        started, stopped = ghosts_follow(
            config=current_config().config, swap_cost_entries=swap_cost_entries, clock=clock
        )
    except (BadInputError, ConfigError) as error:
        _log.say(BOTS_UNCHANGED, why=str(error))
        return
    if started or stopped:
        _log.say(BOTS_FOLLOWED, started=started, stopped=stopped)
