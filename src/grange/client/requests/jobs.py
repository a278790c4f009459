"""Requests about jobs and blocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from grange.client.requests.message import (
    Request,
    delete,
    get,
    patch,
    post,
    reads,
    reads_member,
)
from grange.model.spec import BlockSpec, JobSpec
from grange.model.views import JobDetail, JobView, StoryLine, WhyView


class Submitted(msgspec.Struct, frozen=True, kw_only=True):
    """The farm has the job, on its disk."""

    job_id: int
    again: bool = False  #: it had it already, by the same token


class TaskPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What one task would run."""

    block: int
    task: int
    name: str
    command: str | tuple[str, ...]
    working_directory: str = ""
    files: tuple[str, ...] = ()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a job would run."""

    tasks: int
    commands: tuple[TaskPlan, ...]  #: of each block the first ones


def submit(job: JobSpec, token: str = "") -> Request[Submitted]:
    """Submit a job.

    Args:
        job: what is asked for.
        token: any text; the same job under the same token is submitted once only.
    """
    return post(
        "/jobs",
        reads(Submitted),
        job,
        headers={"Idempotency-Key": token} if token else None,
        repeatable=bool(token),
    )


def check(job: JobSpec) -> Request[Plan]:
    """Have a job checked, and its commands written out, without submitting it."""
    return post("/jobs/check", reads(Plan), job, repeatable=True)


def listed(
    *,
    user: str = "",
    state: str = "",
    name: str = "",
    hidden: bool | None = None,
    limit: int | None = None,
    after: int | None = None,
) -> Request[tuple[JobView, ...]]:
    """List jobs, the newest first.

    Args:
        user: only this user's.
        state: only in this state.
        name: only those whose name has this text in it.
        hidden: whether hidden ones are wanted too.
        limit: at most so many.
        after: only those that come after this job in the list.
    """
    return get(
        "/jobs",
        reads_member("jobs", tuple[JobView, ...]),
        user=user,
        state=state,
        name=name,
        hidden=hidden,
        limit=limit,
        after=after,
    )


def detail(job: int) -> Request[JobDetail]:
    """Ask for one job, whole."""
    return get(f"/jobs/{job}", reads(JobDetail))


def remove(job: int) -> Request[None]:
    """Delete a job; what runs of it is stopped."""
    return delete(f"/jobs/{job}")


def edit(job: int, **fields: Any) -> Request[JobDetail]:
    """Change fields of a job, by the names of `JobSpec`."""
    return patch(f"/jobs/{job}", reads(JobDetail), fields)


def pause(job: int) -> Request[JobView]:
    """Start no more of a job's tasks."""
    return post(f"/jobs/{job}/pause", reads(JobView), repeatable=True)


def resume(job: int) -> Request[JobView]:
    """Let a paused job go on."""
    return post(f"/jobs/{job}/resume", reads(JobView), repeatable=True)


def why(job: int, block: int | None = None) -> Request[WhyView]:
    """Ask why a job, or one block of it, is not running."""
    place = f"/jobs/{job}" if block is None else f"/jobs/{job}/blocks/{block}"
    return get(f"{place}/why", reads(WhyView))


def story(job: int) -> Request[tuple[StoryLine, ...]]:
    """Ask for all that happened to a job, in order."""
    return get(f"/jobs/{job}/story", reads_member("lines", tuple[StoryLine, ...]))


def append_blocks(job: int, blocks: Sequence[BlockSpec]) -> Request[tuple[int, ...]]:
    """Add blocks to a job. Reads their numbers."""
    return post(f"/jobs/{job}/blocks", reads_member("blocks", tuple[int, ...]), blocks)


def edit_block(job: int, block: int, **fields: Any) -> Request[JobDetail]:
    """Change fields of a block, by the names of `BlockSpec`."""
    return patch(f"/jobs/{job}/blocks/{block}", reads(JobDetail), fields)


def try_next(
    job: int, block: int, tasks: Iterable[int], *, remove: bool = False
) -> Request[JobDetail]:
    """Have tasks started before the others of their job, or no longer so."""
    body = {"block": block, "tasks": list(tasks), "remove": remove}
    return post(f"/jobs/{job}/try-next", reads(JobDetail), body, repeatable=True)


def forget_errors(job: int, block: int | None = None) -> Request[JobView]:
    """Have the errors of hosts forgotten, so that none is avoided any more."""
    body = {} if block is None else {"block": block}
    return post(f"/jobs/{job}/forget-errors", reads(JobView), body, repeatable=True)
