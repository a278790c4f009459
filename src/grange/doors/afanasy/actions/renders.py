"""Actions on renders (specification 2.4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from grange.core import commands as c
from grange.core.objects import Worker
from grange.doors.afanasy.actions import farm, params, targets
from grange.doors.afanasy.actions.outcome import Deed, NotDone, Nothing, to_each
from grange.doors.afanasy.asked import Action, Json, field, read
from grange.doors.afanasy.parts import Parts
from grange.doors.afanasy.reply import Reply
from grange.model.nodes import SHARED, WorkerSpec
from grange.model.states import Presence
from grange.server.caller import Caller

Operation = Callable[[Caller, Worker, Json], Awaitable[Deed]]


async def act(parts: Parts, caller: Caller, action: Action) -> Reply:
    """Do what is asked to renders: parameters first, then the operation."""
    found, unknown = targets.workers(parts, action)

    async def one(worker: Worker) -> Deed:
        deed: Deed = ""
        if action.params is not None:
            deed = await _set(caller, worker, action.params, lone=action.operation is None)
        if action.operation is None:
            return deed
        return await operate(caller, worker, action.operation)

    return await to_each(found, one, unknown)


async def operate(caller: Caller, worker: Worker, asked: Json) -> Deed:
    """Do an operation to a render."""
    name = field(asked, "type", str, "operation")
    operation = OPERATIONS.get(name)
    if operation is None:
        raise NotDone(f"Unknown operation: {name}")
    return await operation(caller, worker, asked)


async def _set(caller: Caller, worker: Worker, asked: Json, *, lone: bool) -> Deed:
    """Set parameters; where an operation follows it is no matter that they are so already."""
    taken = params.take(asked, params.RENDER, f"render '{worker.name}'")
    changed = await _edit(caller, worker, taken.changes)
    if not changed and lone:
        raise Nothing(f"render '{worker.name}' is so already{params.not_known(taken.unknown)}")
    return f"Changed{params.not_known(taken.unknown)}" if taken.unknown else ""


async def _edit(caller: Caller, worker: Worker, changes: dict[str, Any]) -> bool:
    before = worker.spec, worker.pool
    await caller.do(c.EditWorker(worker_id=worker.worker_id, changes=changes))
    return (worker.spec, worker.pool) != before


async def _instruct(caller: Caller, worker: Worker, asked: Json) -> Deed:
    what = INSTRUCTIONS[asked["type"]]
    await caller.do(c.InstructWorker(worker_id=worker.worker_id, what=what))
    return ""


async def _heal(caller: Caller, worker: Worker, _: Json) -> Deed:
    if not worker.sick:
        raise Nothing(f"render '{worker.name}' is not sick")
    await caller.do(c.HealWorker(worker_id=worker.worker_id))
    return ""


async def _eject(caller: Caller, worker: Worker, asked: Json) -> Deed:
    keep = asked["type"] == "eject_tasks_keep_my"
    command = c.EjectWorker(worker_id=worker.worker_id, keep_own=keep)
    if not await caller.do(command):
        raise Nothing(f"render '{worker.name}' has no task to eject")
    return ""


async def _delete(caller: Caller, worker: Worker, _: Json) -> Deed:
    if worker.presence is not Presence.OFFLINE:
        raise NotDone("Can`t delete online render.")
    await caller.do(c.DeleteWorker(worker_id=worker.worker_id))
    return ""


async def _set_pool(caller: Caller, worker: Worker, asked: Json) -> Deed:
    name = field(asked, "name", str, "operation")
    if not name:
        raise NotDone("set_pool needs the name of a pool")
    if not await _edit(caller, worker, {"pool": name}):
        raise Nothing(f"render '{worker.name}' is in pool '{worker.pool}' already")
    return ""


async def _reassign(caller: Caller, worker: Worker, _: Json) -> Deed:
    if not await _edit(caller, worker, {"pool": ""}):
        raise Nothing(f"render '{worker.name}' stays in pool '{worker.pool}'")
    return ""


async def _farm(caller: Caller, worker: Worker, asked: Json) -> Deed:
    edit = farm.services(worker.spec, asked)
    await _edit(caller, worker, edit.changes)
    return edit.text


async def _tickets(caller: Caller, worker: Worker, asked: Json) -> Deed:
    edit = farm.tickets(worker.spec, asked, worker.name)
    await _edit(caller, worker, edit.changes)
    return edit.text


async def _as_pool(caller: Caller, worker: Worker, _: Json) -> Deed:
    plain = WorkerSpec()
    if not await _edit(caller, worker, {name: getattr(plain, name) for name in SHARED}):
        raise Nothing(f"render '{worker.name}' has no values of its own")
    return ""


async def _launch(caller: Caller, worker: Worker, asked: Json) -> Deed:
    command = field(asked, "cmd", str, "operation")
    leave = read(asked.get("exit", False), bool, "operation.exit")
    await caller.do(c.LaunchCommand(worker_id=worker.worker_id, command=command, exit=leave))
    return ""


INSTRUCTIONS: Final[dict[str, Any]] = {
    "exit": "exit",
    "reboot": "reboot",
    "shutdown": "shutdown",
    "wol_sleep": "sleep",
    "wol_wake": "wake",
}
OPERATIONS: Final[dict[str, Operation]] = {
    **dict.fromkeys(INSTRUCTIONS, _instruct),
    "launch_cmd": _launch,
    "heal_sick": _heal,
    "eject_tasks": _eject,
    "eject_tasks_keep_my": _eject,
    "delete": _delete,
    "set_pool": _set_pool,
    "reassign_pool": _reassign,
    "farm": _farm,
    "tickets": _tickets,
    "restore_defaults": _as_pool,
}
