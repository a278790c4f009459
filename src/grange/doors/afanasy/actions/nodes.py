"""Actions on users, branches and pools (specification 2.4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, Literal, TypeVar

from grange.core import commands as c
from grange.core.build import clean_path
from grange.core.objects import Branch, Pool, User, Worker, parent_path
from grange.doors.afanasy import reply as r
from grange.doors.afanasy.actions import farm, params, renders, targets
from grange.doors.afanasy.actions.outcome import Deed, NotDone, Nothing, to_each
from grange.doors.afanasy.asked import Action, Json, field
from grange.doors.afanasy.numbers import meant_job
from grange.doors.afanasy.parts import Parts
from grange.doors.afanasy.reply import Reply
from grange.model.states import Presence
from grange.server.caller import Caller

Where = Literal["up", "down", "top", "bottom"]
MOVES: Final[dict[str, Where]] = {
    "move_jobs_up": "up",
    "move_jobs_down": "down",
    "move_jobs_top": "top",
    "move_jobs_bottom": "bottom",
}


N = TypeVar("N", User, Branch, Pool)
Operation = Callable[[Parts, Caller, N, Json], Awaitable[Deed]]


@dataclass(frozen=True, slots=True)
class Kind(Generic[N]):
    """What may be done to users, to branches or to pools.

    Attributes:
        called: what one is called in answers.
        operations: by name.
        readers: of parameters.
        edit: the command that sets parameters.
        told: what is said of parameters that were set.
    """

    called: Callable[[N], str]
    operations: Mapping[str, Operation[N]]
    readers: Mapping[str, params.Reader]
    edit: Callable[[N, Json], c.Command]
    told: str = ""


async def on_users(parts: Parts, caller: Caller, action: Action) -> Reply:
    """Do what is asked to users."""
    return await _act(parts, caller, action, targets.users(parts, action), USERS)


async def on_branches(parts: Parts, caller: Caller, action: Action) -> Reply:
    """Do what is asked to branches."""
    return await _act(parts, caller, action, targets.branches(parts, action), BRANCHES)


async def on_pools(parts: Parts, caller: Caller, action: Action) -> Reply:
    """Do what is asked to pools."""
    return await _act(parts, caller, action, targets.pools(parts, action), POOLS)


async def _act(
    parts: Parts, caller: Caller, action: Action, meant: targets.Found[N], kind: Kind[N]
) -> Reply:
    """Do what is asked to those that are meant. An operation comes before parameters."""
    found, unknown = meant

    async def one(node: N) -> Deed:
        if action.operation is not None:
            name = field(action.operation, "type", str, "operation")
            operation = kind.operations.get(name)
            if operation is None:
                raise NotDone(f"Unknown operation: {name}")
            return await operation(parts, caller, node, action.operation)
        taken = params.take(action.params or {}, kind.readers, kind.called(node))
        before = node.spec
        await caller.do(kind.edit(node, taken.changes))
        return _changed(node.spec != before, taken, kind.called(node), kind.told)

    return await to_each(found, one, unknown)


def _changed(changed: bool, taken: params.Taken, what: str, text: str) -> Deed:
    """What became of parameters."""
    rest = params.not_known(taken.unknown)
    if not changed:
        raise Nothing(f"{what} is so already{rest}")
    return r.info("info", f"Changed{rest}") if rest else text


async def _move(parts: Parts, caller: Caller, user: User, asked: Json) -> Deed:
    jids = tuple(meant_job(number) for number in field(asked, "jids", list[int], "operation"))
    before = list(user.jobs)
    await caller.do(c.MoveJobs(user=user.user, job_ids=jids, where=MOVES[asked["type"]]))
    if list(user.jobs) == before:
        raise Nothing(f"the jobs of user '{user.user}' stand so already")
    return ""


async def _delete_user(_: Parts, caller: Caller, user: User, __: Json) -> Deed:
    await caller.do(c.DeleteUser(user=user.user))
    return ""


USERS: Final[Kind[User]] = Kind(
    called=lambda user: f"user '{user.user}'",
    operations={**dict.fromkeys(MOVES, _move), "delete": _delete_user},
    readers=params.USER,
    edit=lambda user, changes: c.EditUser(user=user.user, changes=changes),
)


async def _delete_branch(parts: Parts, caller: Caller, branch: Branch, _: Json) -> Deed:
    if branch.path == "/":
        raise NotDone("Can`t delete ROOT branch.")
    if branch.jobs or any(parent_path(path) == branch.path for path in parts.state.branches):
        raise NotDone(f"Branch['{branch.path}'] has child branches/jobs.")
    await caller.do(c.DeleteBranch(path=branch.path))
    return ""


async def _delete_done(parts: Parts, caller: Caller, branch: Branch, _: Json) -> Deed:
    done = [job_id for job_id in sorted(branch.jobs) if parts.state.jobs[job_id].done]
    for job_id in done:
        await caller.do(c.DeleteJob(job_id=job_id))
    return f"Deleting {len(done)} jobs."


async def _hold(_: Parts, caller: Caller, branch: Branch, __: Json) -> Deed:
    return await _pause(caller, branch, paused=True)


async def _start(_: Parts, caller: Caller, branch: Branch, __: Json) -> Deed:
    return await _pause(caller, branch, paused=False)


async def _pause(caller: Caller, branch: Branch, *, paused: bool) -> Deed:
    if branch.spec.paused is paused:
        raise Nothing(f"branch '{branch.path}' is {'' if paused else 'not '}paused already")
    await caller.do(c.EditBranch(path=branch.path, changes={"paused": paused}))
    return ""


BRANCHES: Final[Kind[Branch]] = Kind(
    called=lambda branch: f"branch '{branch.path}'",
    operations={
        "delete": _delete_branch,
        "delete_done_jobs": _delete_done,
        "pause": _hold,
        "start": _start,
    },
    readers=params.BRANCH,
    edit=lambda branch, changes: c.EditBranch(path=branch.path, changes=changes),
    told="Branch(es) parameter(s) changed.",
)


async def _delete_pool(parts: Parts, caller: Caller, pool: Pool, _: Json) -> Deed:
    if pool.path == "/":
        raise NotDone("Can`t delete ROOT pool.")
    if pool.workers or any(parent_path(path) == pool.path for path in parts.state.pools):
        raise NotDone(f"Pool '{pool.path}' has child pools/renders.")
    await caller.do(c.DeletePool(path=pool.path))
    return ""


async def _add_pool(parts: Parts, caller: Caller, pool: Pool, asked: Json) -> Deed:
    name = field(asked, "name", str, "operation").strip("/")
    if not name:
        raise NotDone("New pool name should not have a zero length.")
    path = clean_path(f"{pool.path}/{name.replace('/', '_')}")
    if path in parts.state.pools:
        raise NotDone(f"Pool '{pool.path}' already has a pool '{path}'")
    await caller.do(c.EditPool(path=path, changes={}))
    return r.info("info", f"Pool '{path}' added to pool '{pool.path}'")


async def _farm(_: Parts, caller: Caller, pool: Pool, asked: Json) -> Deed:
    edit = farm.services(pool.spec, asked)
    await caller.do(c.EditPool(path=pool.path, changes=edit.changes))
    return edit.text


async def _tickets(_: Parts, caller: Caller, pool: Pool, asked: Json) -> Deed:
    edit = farm.tickets(pool.spec, asked, pool.path)
    await caller.do(c.EditPool(path=pool.path, changes=edit.changes))
    return edit.text


async def _each_render(parts: Parts, caller: Caller, pool: Pool, asked: Json) -> Deed:
    """Do an operation to all renders of a pool and of those below."""
    below = _below(parts, pool)
    if not below:
        raise Nothing(f"pool '{pool.path}' has no renders")

    async def one(worker: Worker) -> Deed:
        return await renders.operate(caller, worker, asked)

    return await to_each(below, one)


async def _delete_renders(parts: Parts, caller: Caller, pool: Pool, _: Json) -> Deed:
    gone = [item for item in _below(parts, pool) if item.presence is Presence.OFFLINE]
    if not gone:
        raise Nothing(f"pool '{pool.path}' has no renders that are offline")
    for worker in gone:
        await caller.do(c.DeleteWorker(worker_id=worker.worker_id))
    return f"Deleted {len(gone)} offline renders."


def _below(parts: Parts, pool: Pool) -> list[Worker]:
    inside = pool.path.rstrip("/") + "/"
    known = parts.state.workers
    return [item for item in known.values() if f"{item.pool.rstrip('/')}/".startswith(inside)]


POOLS: Final[Kind[Pool]] = Kind(
    called=lambda pool: f"pool '{pool.path}'",
    operations={
        "delete": _delete_pool,
        "add_pool": _add_pool,
        "farm": _farm,
        "tickets": _tickets,
        **dict.fromkeys(
            ("heal_sick", "launch_cmd", "eject_tasks", "eject_tasks_keep_my", "exit"), _each_render
        ),
        "delete_renders": _delete_renders,
    },
    readers=params.POOL,
    edit=lambda pool, changes: c.EditPool(path=pool.path, changes=changes),
)
