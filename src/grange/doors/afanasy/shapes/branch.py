"""Branches."""

from __future__ import annotations

from grange.doors.afanasy.shapes.node import Work
from grange.doors.afanasy.shapes.shape import Shape


class ActiveJob(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """A job of a branch that has something to do."""

    id: int
    name: str
    user_name: str
    state: str
    running_tasks_num: int = 0
    running_capacity_total: int = 0


class ActiveUser(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """A user with such jobs in a branch."""

    id: int
    name: str
    running_tasks_num: int = 0
    running_capacity_total: int = 0


class Branch(Work, frozen=True, kw_only=True, omit_defaults=True):
    """A branch."""

    create_childs: bool = False
    solve_jobs: bool = False
    paused: bool = False
    time_creation: int
    time_empty: int = 0
    parent: str
    branches_total: int = 0
    jobs_total: int = 0
    jobs_running: int = 0
    jobs_done: int = 0
    jobs_ready: int = 0
    jobs_error: int = 0
    tasks_ready: int = 0
    tasks_error: int = 0
    active_jobs: tuple[ActiveJob, ...]  #: always written: the page counts them
    active_users: tuple[ActiveUser, ...] = ()
