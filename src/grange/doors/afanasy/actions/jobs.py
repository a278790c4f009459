"""Actions on jobs and their blocks (specification 2.4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from grange.core import commands as c
from grange.core.objects import Block, Job
from grange.doors.afanasy import orders
from grange.doors.afanasy import reply as r
from grange.doors.afanasy.actions import targets
from grange.doors.afanasy.actions.outcome import Deed, NotDone, Nothing, to_each
from grange.doors.afanasy.asked import Action, Json, field, read
from grange.doors.afanasy.parts import Parts
from grange.doors.afanasy.reply import Reply
from grange.model.states import TaskFilter, TaskOp
from grange.server.caller import Caller

TRIED: Final = "Tasks to try next processed."

Job_ = Callable[[Caller, Job, Json], Awaitable[Deed]]
Block_ = Callable[[Caller, Job, Block, Json], Awaitable[Deed]]

#: What is done to tasks, and to which of them.
TASKS: Final[dict[str, tuple[TaskOp, TaskFilter]]] = {
    "skip": (TaskOp.SKIP, TaskFilter.ALL),
    "suspend": (TaskOp.SUSPEND, TaskFilter.ALL),
    "continue": (TaskOp.CONTINUE, TaskFilter.ALL),
    "done": (TaskOp.DONE, TaskFilter.ALL),
    "restart": (TaskOp.RESTART, TaskFilter.ALL),
    "restart_running": (TaskOp.STOP, TaskFilter.ALL),
    "restart_skipped": (TaskOp.RESTART, TaskFilter.SKIPPED),
    "restart_done": (TaskOp.RESTART, TaskFilter.DONE),
    "restart_errors": (TaskOp.RESTART, TaskFilter.FAILED),
    "restart_warnings": (TaskOp.RESTART, TaskFilter.WARNING),
}
#: Of these, what may be done to a whole job.
WHOLE: Final = frozenset(name for name in TASKS if name.startswith("restart"))


async def act(parts: Parts, caller: Caller, action: Action) -> Reply:
    """Do what is asked to jobs, or to blocks of them. An operation comes before parameters."""
    found, unknown = targets.jobs(parts, action)

    async def one(job: Job) -> Deed:
        numbers = targets.blocks(job, action)
        if action.operation is not None:
            return await _operate(caller, job, numbers, action.operation)
        if numbers is None:
            return await _set_job(parts, caller, job, action.params or {})
        return await _set_blocks(caller, job, numbers, action.params or {})

    return await to_each(found, one, unknown)


async def _operate(caller: Caller, job: Job, numbers: list[int] | None, asked: Json) -> Deed:
    name = field(asked, "type", str, "operation")
    if numbers is None:
        whole = OF_JOB.get(name)
        if whole is None:
            raise NotDone(f"Unknown operation: {name}")
        return await whole(caller, job, asked)
    of_block = OF_BLOCK.get(name)
    if of_block is None:
        raise NotDone(f"Unknown operation: {name}")
    deeds: list[Deed] = []
    nothing = ""
    for number in numbers:
        try:
            deeds.append(await of_block(caller, job, job.blocks[number], asked))
        except Nothing as why:
            nothing = str(why)
    if not deeds:
        raise Nothing(nothing)
    return deeds[-1]


async def _set_blocks(caller: Caller, job: Job, numbers: list[int], params: Json) -> Deed:
    changed = False
    for number in numbers:
        block = job.blocks[number]
        before = block.spec
        changes = orders.upon(orders.block_changes(params), before)
        await caller.do(c.EditJob(job_id=job.job_id, block=number, changes=changes))
        changed = changed or block.spec != before
    if not changed:
        raise Nothing(f"job '{job.spec.name}': the blocks are so already")
    return ""


async def _set_job(parts: Parts, caller: Caller, job: Job, params: Json) -> Deed:
    before = job.spec
    rest = dict(params)
    if "offline" in rest:
        paused = read(rest.pop("offline"), bool, "params.offline")
        await caller.do(c.PauseJob(job_id=job.job_id, paused=paused))
    if rest:
        changes = orders.upon(orders.job_changes(rest), before)
        wanted = changes.get("user")
        if wanted is not None and wanted not in parts.state.users:
            raise NotDone(f"User does not exist: '{wanted}'")
        await caller.do(c.EditJob(job_id=job.job_id, changes=changes))
    if job.spec == before:
        raise Nothing(f"job '{job.spec.name}' is so already")
    return ""


async def _delete(caller: Caller, job: Job, _: Json) -> Deed:
    await caller.do(c.DeleteJob(job_id=job.job_id))
    return ""


async def _start(caller: Caller, job: Job, _: Json) -> Deed:
    return await _pause(caller, job, paused=False)


async def _hold(caller: Caller, job: Job, _: Json) -> Deed:
    return await _pause(caller, job, paused=True)


async def _pause(caller: Caller, job: Job, *, paused: bool) -> Deed:
    if job.spec.paused is paused:
        raise Nothing(f"job '{job.spec.name}' is {'' if paused else 'not '}paused already")
    await caller.do(c.PauseJob(job_id=job.job_id, paused=paused))
    return ""


async def _stop(caller: Caller, job: Job, _: Json) -> Deed:
    was = job.spec.paused
    await caller.do(c.PauseJob(job_id=job.job_id, paused=True))
    stopped = await caller.do(c.ChangeTasks(job_id=job.job_id, op=TaskOp.STOP))
    if was and not stopped:
        raise Nothing(f"job '{job.spec.name}' is paused already and runs nothing")
    return ""


async def _restart_paused(caller: Caller, job: Job, asked: Json) -> Deed:
    await caller.do(c.PauseJob(job_id=job.job_id, paused=True))
    return await _change(caller, job, None, {**asked, "type": "restart"})


async def _restart(caller: Caller, job: Job, asked: Json) -> Deed:
    return await _change(caller, job, None, asked)


async def _forget(caller: Caller, job: Job, _: Json) -> Deed:
    if not any(block.error_hosts or block.task_errors for block in job.blocks):
        raise Nothing(f"job '{job.spec.name}' has no error hosts")
    await caller.do(c.ForgetErrors(job_id=job.job_id))
    return ""


async def _untry(caller: Caller, job: Job, _: Json) -> Deed:
    if not job.try_next:
        raise Nothing(f"job '{job.spec.name}' has no tasks to try next")
    for number in dict.fromkeys(block for block, _ in job.try_next):
        tasks = tuple(task for block, task in job.try_next if block == number)
        await caller.do(c.TryNext(job_id=job.job_id, block=number, tasks=tasks, remove=True))
    return ""


async def _append_blocks(caller: Caller, job: Job, asked: Json) -> Deed:
    blocks = orders.read_blocks(field(asked, "blocks", list[Any], "operation"))
    numbers = await caller.do(c.AppendBlocks(job_id=job.job_id, blocks=blocks))
    return Reply(body={"object": {"block_ids": list(numbers)}})


def _check(job: Job, block: Block, tasks: list[int]) -> None:
    """Refuse tasks that a block does not have, by the names that the client knows."""
    for number in tasks:
        if not 0 <= number < block.tasks.size:
            where = f"job '{job.spec.name}'['{block.spec.name}']"
            raise NotDone(f"Invalid task number = {number}: {where}")


async def _change(caller: Caller, job: Job, block: Block | None, asked: Json) -> Deed:
    """Do something to tasks; none named means all."""
    name = asked["type"]
    op, only = TASKS[name]
    chosen = read(asked.get("task_ids") or [], list[int], "operation.task_ids")
    if block is not None:
        _check(job, block, chosen)
    count = await caller.do(
        c.ChangeTasks(
            job_id=job.job_id,
            op=op,
            block=None if block is None else block.number,
            tasks=tuple((task, task) for task in chosen) or None,
            only=only,
            with_depends=asked.get("mode") == "affect_depends",
        )
    )
    if not count:
        where = "" if block is None else f"['{block.spec.name}']"
        raise Nothing(f"job '{job.spec.name}'{where}: no task to {name}")
    return ""


async def _change_block(caller: Caller, job: Job, block: Block, asked: Json) -> Deed:
    return await _change(caller, job, block, asked)


async def _forget_block(caller: Caller, job: Job, block: Block, _: Json) -> Deed:
    if not (block.error_hosts or block.task_errors):
        raise Nothing(f"job '{job.spec.name}'['{block.spec.name}'] has no error hosts")
    await caller.do(c.ForgetErrors(job_id=job.job_id, block=block.number))
    return ""


async def _try_next(caller: Caller, job: Job, block: Block, asked: Json) -> Deed:
    tasks = field(asked, "task_ids", list[int], "operation")
    _check(job, block, tasks)
    remove = asked.get("mode") == "remove"
    await caller.do(
        c.TryNext(job_id=job.job_id, block=block.number, tasks=tuple(tasks), remove=remove)
    )
    return r.info("info", TRIED)


async def _append_tasks(caller: Caller, job: Job, block: Block, asked: Json) -> Deed:
    if block.spec.frames:
        raise NotDone("Appending tasks to numeric block is not allowed.")
    tasks = orders.read_tasks(field(asked, "tasks", list[Any], "operation"))
    command = c.AppendTasks(job_id=job.job_id, block=block.number, tasks=tasks)
    numbers = await caller.do(command)
    return Reply(body={"object": {"task_ids": list(numbers)}})


async def _tickets(caller: Caller, job: Job, block: Block, asked: Json) -> Deed:
    name = field(asked, "name", str, "operation")
    count = field(asked, "count", int, "operation")
    tickets = dict(block.spec.tickets)
    if count > 0:
        tickets[name] = count
    else:
        tickets.pop(name, None)
    if tickets == block.spec.tickets:
        what = f"asks for {count} '{name}' already" if count > 0 else f"asks for no '{name}'"
        raise Nothing(f"job '{job.spec.name}'['{block.spec.name}'] {what}")
    changes = {"tickets": tickets}
    await caller.do(c.EditJob(job_id=job.job_id, block=block.number, changes=changes))
    return ""


OF_JOB: Final[dict[str, Job_]] = {
    "delete": _delete,
    "start": _start,
    "pause": _hold,
    "stop": _stop,
    **dict.fromkeys(WHOLE, _restart),
    "restart_pause": _restart_paused,
    "reset_error_hosts": _forget,
    "reset_trying_next_tasks": _untry,
    "append_blocks": _append_blocks,
}
OF_BLOCK: Final[dict[str, Block_]] = {
    **dict.fromkeys(TASKS, _change_block),
    "reset_error_hosts": _forget_block,
    "trynext": _try_next,
    "append_tasks": _append_tasks,
    "tickets": _tickets,
}
