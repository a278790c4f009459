"""Users."""

from __future__ import annotations

from grange.doors.afanasy.shapes.node import Work


class User(Work, frozen=True, kw_only=True, omit_defaults=True):
    """A user."""

    time_register: int
    time_activity: int
    errors_retries: int
    errors_avoid_host: int
    errors_task_same_host: int
    errors_forgive_time: int
    jobs_life_time: int = 0
    host_name: str = ""
    jobs_num: int = 0
    running_jobs_num: int = 0
    paused: bool = False
