"""Routes of workers."""

from __future__ import annotations

from litestar import delete, get, patch, post
from litestar.params import JSONBody

from grange.core import commands as c
from grange.doors.native.answers import Workers
from grange.doors.native.asks import Changes, Ejection, Instruction, Launching
from grange.doors.native.parameters import Id, Sender
from grange.doors.native.refusals import CHANGING, READING
from grange.model.ids import WorkerId
from grange.model.views import WhyView, WorkerView
from grange.server.permissions import Act


@get("/workers", operation_id="listWorkers", summary="All workers", responses=READING)
async def list_workers(caller: Sender) -> Workers:
    """By name."""
    caller.may(Act.SEE_FARM)
    return Workers(workers=tuple(caller.views.workers()))


@get("/workers/{worker:int}", operation_id="getWorker", summary="A worker", responses=READING)
async def get_worker(caller: Sender, worker: Id) -> WorkerView:
    """With its runs and the last that was heard of its machine's load."""
    caller.may(Act.SEE_FARM)
    return caller.views.worker(worker)


@patch(
    "/workers/{worker:int}",
    operation_id="editWorker",
    summary="Change a worker",
    responses=CHANGING,
)
async def edit_worker(caller: Sender, worker: Id, data: JSONBody[Changes]) -> WorkerView:
    """Whom a machine belongs to may change its nimby."""
    await caller.do(c.EditWorker(worker_id=WorkerId(worker), changes=data))
    return caller.views.worker(worker)


@delete(
    "/workers/{worker:int}",
    operation_id="deleteWorker",
    summary="Forget a worker that is offline",
    responses=CHANGING,
)
async def delete_worker(caller: Sender, worker: Id) -> None:
    """Its credential stays: revoke it, or it may come back."""
    await caller.do(c.DeleteWorker(worker_id=WorkerId(worker)))


@post(
    "/workers/{worker:int}/eject",
    operation_id="ejectWorker",
    summary="Stop the runs of a worker",
    status_code=200,
    responses=CHANGING,
)
async def eject_worker(caller: Sender, worker: Id, data: JSONBody[Ejection]) -> WorkerView:
    """Their tasks are ready again and count no error."""
    await caller.do(c.EjectWorker(worker_id=WorkerId(worker), keep_own=data.keep_own))
    return caller.views.worker(worker)


@post(
    "/workers/{worker:int}/heal",
    operation_id="healWorker",
    summary="Trust a sick worker again",
    status_code=200,
    responses=CHANGING,
)
async def heal_worker(caller: Sender, worker: Id) -> WorkerView:
    """It gets tasks again."""
    await caller.do(c.HealWorker(worker_id=WorkerId(worker)))
    return caller.views.worker(worker)


@post(
    "/workers/{worker:int}/instruct",
    operation_id="instructWorker",
    summary="Have a worker exit, restart, reboot, shut down or sleep, or wake its machine",
    status_code=200,
    responses=CHANGING,
)
async def instruct_worker(caller: Sender, worker: Id, data: JSONBody[Instruction]) -> WorkerView:
    """The worker does it when it gets the word; whether it may is its own setting."""
    await caller.do(c.InstructWorker(worker_id=WorkerId(worker), what=data.what))
    return caller.views.worker(worker)


@post(
    "/workers/{worker:int}/launch",
    operation_id="launchCommand",
    summary="Have a worker start a command beside its tasks",
    status_code=200,
    responses=CHANGING,
)
async def launch_command(caller: Sender, worker: Id, data: JSONBody[Launching]) -> WorkerView:
    """Detached, as the user of its tasks, if its machine's settings allow it."""
    command = c.LaunchCommand(worker_id=WorkerId(worker), command=data.command, exit=data.exit)
    await caller.do(command)
    return caller.views.worker(worker)


@get(
    "/workers/{worker:int}/why",
    operation_id="whyWorker",
    summary="Why a worker has nothing to do",
    responses=READING,
)
async def why_worker(caller: Sender, worker: Id) -> WhyView:
    """One sentence, and the reasons."""
    caller.may(Act.SEE_FARM)
    return caller.views.why_worker(worker)


ROUTES = (
    *(list_workers, get_worker, edit_worker, delete_worker),
    *(eject_worker, heal_worker, instruct_worker, launch_command, why_worker),
)
