"""Requests for thumbnails: small pictures of what runs have made."""

from __future__ import annotations

from grange.client.requests.message import Reply, Request, get, reads_member
from grange.model.views import ThumbnailView


def of_job(job: int) -> Request[tuple[ThumbnailView, ...]]:
    """List the newest of a job, the newest first."""
    return get(f"/jobs/{job}/thumbnails", reads_member("thumbnails", tuple[ThumbnailView, ...]))


def newest(job: int) -> Request[bytes]:
    """Ask for the newest of a job. Reads a JPEG."""
    return get(f"/jobs/{job}/thumbnail", _jpeg)


def of_task(
    job: int, block: int, task: int, *, run: int = 0
) -> Request[tuple[ThumbnailView, ...]]:
    """List those of a task, the newest first.

    Args:
        job: its id.
        block: number of the block.
        task: number of the task.
        run: id of one of its runs; 0 the last.
    """
    read = reads_member("thumbnails", tuple[ThumbnailView, ...])
    return get(_place(job, block, task), read, run=run or None)


def one(job: int, block: int, task: int, number: int, *, run: int = 0) -> Request[bytes]:
    """Ask for one of a task, by its number in the list. Reads a JPEG."""
    return get(f"{_place(job, block, task)}/{number}", _jpeg, run=run or None)


def _place(job: int, block: int, task: int) -> str:
    return f"/jobs/{job}/blocks/{block}/tasks/{task}/thumbnails"


def _jpeg(reply: Reply) -> bytes:
    return reply.body
