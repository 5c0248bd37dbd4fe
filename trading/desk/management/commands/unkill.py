"""``unkill``: lift the kill of a scope; what was in force before it counts again."""

from __future__ import annotations

from trading.desk.management.commands.kill import Command as KillCommand
from trading.desk.services.control.orders import Act


class Command(KillCommand):
    """The kill switch, released."""

    help = "Lift the kill of a scope: what was in force before it, a pause or none, counts again."
    act = Act.UNKILL
