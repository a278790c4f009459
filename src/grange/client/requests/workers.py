"""Requests about workers."""

from __future__ import annotations

from typing import Any, Literal

from grange.client.requests.message import (
    Request,
    delete,
    get,
    patch,
    post,
    reads,
    reads_member,
)
from grange.model.patterns import Command
from grange.model.views import WhyView, WorkerView

Instruction = Literal["exit", "restart", "reboot", "shutdown", "sleep", "wake", "self-test"]


def listed() -> Request[tuple[WorkerView, ...]]:
    """List all workers."""
    return get("/workers", reads_member("workers", tuple[WorkerView, ...]))


def detail(worker: int) -> Request[WorkerView]:
    """Ask for one worker."""
    return get(f"/workers/{worker}", reads(WorkerView))


def edit(worker: int, **fields: Any) -> Request[WorkerView]:
    """Change fields of a worker, by the names of `WorkerSpec`."""
    return patch(f"/workers/{worker}", reads(WorkerView), fields)


def remove(worker: int) -> Request[None]:
    """Forget a worker that is offline."""
    return delete(f"/workers/{worker}")


def eject(worker: int, *, keep_own: bool = False) -> Request[WorkerView]:
    """Stop what a worker runs.

    Args:
        worker: its id.
        keep_own: leave the tasks of the machine's own user.
    """
    return post(
        f"/workers/{worker}/eject", reads(WorkerView), {"keep_own": keep_own}, repeatable=True
    )


def heal(worker: int) -> Request[WorkerView]:
    """Give tasks again to a worker that was found sick."""
    return post(f"/workers/{worker}/heal", reads(WorkerView), repeatable=True)


def instruct(worker: int, what: Instruction) -> Request[WorkerView]:
    """Have the machine do something; the worker decides what it obeys."""
    return post(f"/workers/{worker}/instruct", reads(WorkerView), {"what": what})


def launch(worker: int, command: Command, *, leave: bool = False) -> Request[WorkerView]:
    """Have a worker start a command beside its tasks, if its machine's settings allow it.

    Args:
        worker: its id.
        command: an argument list, or a line for the shell.
        leave: the worker exits once the command is started.
    """
    body = {"command": command, "exit": leave}
    return post(f"/workers/{worker}/launch", reads(WorkerView), body)


def why(worker: int) -> Request[WhyView]:
    """Ask why a worker gets no task."""
    return get(f"/workers/{worker}/why", reads(WhyView))
