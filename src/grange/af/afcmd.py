"""Jobs, blocks, renders and pools as objects, and a monitor: requests in another dress.

What the server says of an object is its attribute, by Afanasy's name; None where it says
nothing, for defaults are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from grange.af import afnetwork
from grange.af.block import Block as NewBlock
from grange.af.cmd import asker, part
from grange.af.job import number
from grange.af.task import Task

#: What is left out means.
_LEFT_OUT: Final[Mapping[str, Any]] = {
    "p_percentage": 0,
    "capacity": 0,
    "state": "",
    "depend_mask": "",
    "max_running_tasks": -1,
    "max_running_tasks_per_host": -1,
}


class _BlockTold(msgspec.Struct, frozen=True):
    """What is computed with of a block that a server tells of."""

    block_num: int = 0
    p_percentage: float = 0.0


class _Told(msgspec.Struct, frozen=True):
    """What every object has that a server tells of."""

    id: int
    blocks: list[_BlockTold] = []


class Node:
    """What the server has told of an object.

    Args:
        node_id: its number.
        data: as the server has it.
    """

    def __init__(self, node_id: int, data: Mapping[str, Any] | None = None) -> None:
        self.id = node_id
        self.data = dict(data or {})

    def __getattr__(self, name: str) -> Any:
        """Give what the server says of something."""
        if name.startswith("_") or name == "data":
            raise AttributeError(name)
        return self.data.get(name, _LEFT_OUT.get(name))


class Block(Node):
    """A block of a job."""

    class State:
        """What can be done to its tasks."""

        restart = "restart"
        skip = "skip"

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(int(data.get("block_num", 0)), data)

    def setState(self, state: str, taskIds: Sequence[int] = (), verbose: bool = False) -> Any:
        """Do something to its tasks, or to some of them."""
        return self._do({"type": state, "task_ids": list(taskIds)}, verbose)

    def restart(self, taskIds: Sequence[int] = ()) -> Any:
        """Run its tasks again, or some of them."""
        return self.setState(self.State.restart, taskIds)

    def skip(self, taskIds: Sequence[int] = ()) -> Any:
        """Skip its tasks, or some of them."""
        return self.setState(self.State.skip, taskIds)

    def appendTasks(self, tasks: Sequence[Task], verbose: bool = False) -> Any:
        """Add tasks to it, if it is not numeric."""
        added = {"type": "append_tasks", "tasks": [task.data for task in tasks]}
        return self._do(added, verbose)

    def _do(self, operation: Mapping[str, Any], verbose: bool) -> Any:
        where = {"ids": [self.job_id], "block_ids": [self.id]}
        return _send("action", {"type": "jobs", **where, "operation": operation}, verbose)


class Job(Node):
    """A job.

    Attributes:
        blocks: of it.
        p_percentage: how much is done, the mean of its blocks.
    """

    class State:
        """What can be done to it."""

        restart = "restart"
        start = "start"
        pause = "pause"
        stop = "stop"
        skip = "skip"
        delete = "delete"

    def __init__(self, jobId: int, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(jobId, data)
        self.blocks: list[Block] = []
        self.p_percentage = 0.0
        self.fillInfo(self.data)

    def fillInfo(self, data: Mapping[str, Any]) -> None:
        """Take what the server says of it."""
        self.data = dict(data)
        self.blocks = [Block(item) for item in self.data.get("blocks", ())]
        done = sum(block.p_percentage for block in self.blocks)
        self.p_percentage = done / len(self.blocks) if self.blocks else 0.0

    def setState(self, jobState: str, verbose: bool = False) -> Any:
        """Do something to it."""
        return self._do({"type": jobState}, verbose)

    def start(self) -> Any:
        """Let it go on."""
        return self.setState(self.State.start)

    def pause(self) -> Any:
        """Start none of its tasks; those that run go on."""
        return self.setState(self.State.pause)

    def stop(self) -> Any:
        """Start none of its tasks, and stop those that run."""
        return self.setState(self.State.stop)

    def delete(self) -> Any:
        """Delete it."""
        return self.setState(self.State.delete)

    def appendBlocks(self, blocks: Sequence[NewBlock], verbose: bool = False) -> Any:
        """Add blocks to it."""
        for block in blocks:
            block.fillTasks()
        added = {"type": "append_blocks", "blocks": [block.data for block in blocks]}
        return self._do(added, verbose)

    def getProgress(self, verbose: bool = False) -> Any:
        """Give how far each of its tasks is."""
        body = {"type": "jobs", "ids": [self.id], "mode": "progress"}
        return part(_send("get", body, verbose), "job_progress")

    def _do(self, operation: Mapping[str, Any], verbose: bool) -> Any:
        body = {"type": "jobs", "ids": [self.id], "operation": operation}
        return _send("action", body, verbose)


class Farmed(Node):
    """What has services: a render, a pool."""

    KIND = ""  # as requests name it

    def addService(self, serviceName: str, verbose: bool = False) -> Any:
        """Let it run a service; once there is one, it runs no others."""
        return self._farm("service_add", serviceName, verbose)

    def removeService(self, serviceName: str, verbose: bool = False) -> Any:
        """Take a service off its list."""
        return self._farm("service_remove", serviceName, verbose)

    def enableService(self, serviceName: str, verbose: bool = False) -> Any:
        """Let it run a service again."""
        return self._farm("service_enable", serviceName, verbose)

    def disableService(self, serviceName: str, verbose: bool = False) -> Any:
        """Let it not run a service."""
        return self._farm("service_disable", serviceName, verbose)

    def clearServices(self, verbose: bool = False) -> Any:
        """Leave its services to the pools above it."""
        return self._do({"type": "farm", "mode": "clear_services"}, verbose)

    def setMaxCapacity(self, capacity: int, verbose: bool = False) -> Any:
        """Set how much its tasks may take together."""
        body = {"type": self.KIND, "ids": [self.id], "params": {"capacity_host": capacity}}
        return _send("action", body, verbose)

    def _farm(self, mode: str, service: str, verbose: bool) -> Any:
        wanted = {"type": "farm", "mode": mode, "name": service, "mask": service}
        return self._do(wanted, verbose)

    def _do(self, operation: Mapping[str, Any], verbose: bool) -> Any:
        body = {"type": self.KIND, "ids": [self.id], "operation": operation}
        return _send("action", body, verbose)


class Render(Farmed):
    """A worker."""

    KIND = "renders"

    def setUserName(self, username: str, verbose: bool = False) -> Any:
        """Say whose it is."""
        return self._set(verbose, user_name=username)

    def setNimby(self, verbose: bool = False) -> Any:
        """Let it serve its user only."""
        return self._set(verbose, nimby=True)

    def setNIMBY(self, verbose: bool = False) -> Any:
        """Let it serve nobody."""
        return self._set(verbose, NIMBY=True)

    def setFree(self, verbose: bool = False) -> Any:
        """Let it serve all."""
        return self._set(verbose, nimby=False)

    def setFreeUnpause(self, verbose: bool = False) -> Any:
        """Let it serve all, and go on if it is paused."""
        return self._set(verbose, nimby=False, paused=False)

    def ejectTasks(self, verbose: bool = False) -> Any:
        """Take its tasks away."""
        return self._act("eject_tasks", verbose)

    def ejectNotMyTasks(self, verbose: bool = False) -> Any:
        """Take away those of its tasks that are not its user's."""
        return self._act("eject_tasks_keep_my", verbose)

    def exit(self, verbose: bool = False) -> Any:
        """Let it end."""
        return self._act("exit", verbose)

    def setPool(self, poolName: str, verbose: bool = False) -> Any:
        """Move it to a pool."""
        return self._do({"type": "set_pool", "name": poolName}, verbose)

    def reassignPool(self, verbose: bool = False) -> Any:
        """Move it to the pool whose pattern matches its name."""
        return self._do({"type": "reassign_pool"}, verbose)

    def _set(self, verbose: bool, **params: Any) -> Any:
        body = {"type": "renders", "mask": self.name, "params": params}
        return _send("action", body, verbose)

    def _act(self, operation: str, verbose: bool) -> Any:
        body = {"type": "renders", "mask": self.name, "operation": {"type": operation}}
        return _send("action", body, verbose)


class Pool(Farmed):
    """A pool."""

    KIND = "pools"


class Monitor:
    """Is told of what happens, from when it is made until `close`; a context, too.

    Attributes:
        id: its number; 0 where the server has not answered.
    """

    class WatchType:
        """What it can be told of."""

        jobs = "jobs"
        renders = "renders"

    def __init__(self, verbose: bool = False) -> None:
        found = part(_send("monitor", {"engine": "python"}, verbose), "monitor")
        self.id = number(found)

    def __enter__(self) -> Monitor:
        """Give it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Be told no more."""
        self.close()

    def subscribe(self, classType: str, verbose: bool = False) -> Any:
        """Be told of jobs, renders, users, pools ..."""
        return self._watch({"class": classType, "status": "subscribe"}, verbose)

    def changeUid(self, uid: int, verbose: bool = False) -> Any:
        """Be told of one user's jobs; 0 of all."""
        return self._watch({"class": "perm", "uid": uid}, verbose)

    def events(self) -> Any:
        """Give what has happened since it was last asked."""
        return _send("get", {"type": "monitors", "ids": [self.id], "mode": "events"})

    def close(self, verbose: bool = False) -> None:
        """Be told no more."""
        if self.id:
            operation = {"type": "deregister"}
            body = {"type": "monitors", "ids": [self.id], "operation": operation}
            _send("action", body, verbose, without_answer=True)
        self.id = 0

    def _watch(self, operation: Mapping[str, Any], verbose: bool) -> Any:
        wanted = {"type": "watch", **operation}
        body = {"type": "monitors", "ids": [self.id], "operation": wanted}
        return _send("action", body, verbose)


def getJobList(
    ids: Sequence[int] | None = None, full: bool = False, verbose: bool = False
) -> list[Job]:
    """Give jobs: all of them, or some.

    Args:
        ids: numbers of those that are wanted.
        full: with tasks and commands.
        verbose: print what is sent and what comes.
    """
    body: dict[str, Any] = {"type": "jobs"}
    body |= {} if ids is None else {"ids": list(ids)}
    body |= {"mode": "full"} if full else {}
    return [Job(item["id"], item) for item in _told("jobs", body, verbose)]


def getJob(jobId: int, full: bool = False, verbose: bool = False) -> Job | None:
    """Give a job; None where there is none."""
    found = getJobList([jobId], full, verbose)
    return found[0] if found else None


def getRenderList(
    mask: str | None = None, ids: Sequence[int] | None = None, verbose: bool = False
) -> list[Render]:
    """Give renders: all of them, those whose names begin so, or some."""
    body: dict[str, Any] = {"type": "renders"}
    body |= {} if mask is None else {"mask": mask}
    body |= {} if ids is None else {"ids": list(ids)}
    return [Render(item["id"], item) for item in _told("renders", body, verbose)]


def getRenderResources() -> Any:
    """Give the load of all renders."""
    return part(_send("get", {"type": "renders", "mode": "resources"}), "renders")


def getPoolList(ids: Sequence[int] | None = None, verbose: bool = False) -> list[Pool]:
    """Give pools: all of them, or some."""
    body: dict[str, Any] = {"type": "pools"}
    body |= {} if ids is None else {"ids": list(ids)}
    return [Pool(item["id"], item) for item in _told("pools", body, verbose)]


def _send(
    member: str, body: Mapping[str, Any], verbose: bool = False, without_answer: bool = False
) -> Any:
    root = {member: {**asker(), **body}}
    return afnetwork.sendServer(root, verbose, without_answer)[1]


def _told(kind: str, body: Mapping[str, Any], verbose: bool) -> list[dict[str, Any]]:
    """Ask for objects. A server that is none may say anything: what is no object is left out."""
    found = part(_send("get", body, verbose), kind)
    return list(filter(_is_told, found)) if isinstance(found, list) else []


def _is_told(item: Any) -> bool:
    try:
        msgspec.convert(item, _Told)
    except (msgspec.ValidationError, UnicodeError):  # the latter: half a character in a text
        return False
    return True
