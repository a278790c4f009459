"""Requests about users: their jobs' order, limits and defaults."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from grange.client.requests.message import (
    Request,
    delete,
    get,
    patch,
    post,
    reads,
    reads_member,
    segment,
)
from grange.model.views import JobView, UserView

Where = Literal["up", "down", "top", "bottom"]


def listed() -> Request[tuple[UserView, ...]]:
    """List all users."""
    return get("/users", reads_member("users", tuple[UserView, ...]))


def detail(user: str) -> Request[UserView]:
    """Ask for one user."""
    return get(f"/users/{segment(user)}", reads(UserView))


def edit(user: str, **fields: Any) -> Request[UserView]:
    """Change fields of a user, by the names of `UserSpec`; makes the user where new."""
    return patch(f"/users/{segment(user)}", reads(UserView), fields)


def remove(user: str) -> Request[None]:
    """Forget a user without jobs."""
    return delete(f"/users/{segment(user)}")


def move_jobs(user: str, jobs: Iterable[int], where: Where) -> Request[tuple[JobView, ...]]:
    """Change the order in which a user's jobs stand. Reads the jobs that were moved."""
    body = {"job_ids": list(jobs), "where": where}
    return post(
        f"/users/{segment(user)}/move-jobs", reads_member("jobs", tuple[JobView, ...]), body
    )
