"""What runs by the clock, as data; ``up`` fills in what is missing and overwrites nothing."""

from guardian.domain.schedules import ScheduleEntry

DEFAULT_SCHEDULES = (
    ScheduleEntry(
        name="sessions: start and hand over",
        task="trading.desk.tasks.sessions_supervise",
        every_s=5,
        queue="default",
        description="Starts wanted sessions that no worker holds, ends those nobody wants.",
        expires_s=10,
    ),
    ScheduleEntry(
        name="studies: go on and clear up",
        task="optimizer.tasks.studies_supervise",
        every_s=15,
        queue="default",
        description="Takes up studies whose worker is gone, forgets data nobody needs.",
        expires_s=15,
    ),
)
