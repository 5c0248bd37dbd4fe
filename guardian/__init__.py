"""Watch over the desk: processes, schedules, accounts, health."""
