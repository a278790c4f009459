"""Ask the server and tell it what to do, in one call each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grange.af import afnetwork, cgruconfig
from grange.af.block import Block
from grange.af.task import Task


class Cmd:
    """Requests; None comes back where the server does not answer.

    What is asked of "the render" is asked of the worker on this host.

    Args:
        host: of the server; None as CGRU's variables say.
        port: of the server.
    """

    def __init__(self, host: str | None = None, port: int | None = None) -> None:
        self._host = host
        self._port = port

    # jobs

    def getJobList(self, verbose: bool = False, ids: Sequence[int] | None = None) -> Any:
        """Give jobs: all of them, or some."""
        found: dict[str, Any] = {} if ids is None else {"ids": list(ids)}
        return part(self._get("jobs", verbose, **found), "jobs")

    def getJobInfo(self, jobId: int, verbose: bool = False) -> Any:
        """Give a job with its blocks and tasks, in a list."""
        return part(self._get("jobs", verbose, ids=[jobId], mode="full"), "jobs")

    def getJobProgress(self, jobId: int, verbose: bool = False) -> Any:
        """Give how far each task of a job is."""
        reply = self._get("jobs", verbose, ids=[jobId], mode="progress")
        return part(reply, "job_progress")

    def deleteJob(self, jobName: str, verbose: bool = False) -> Any:
        """Delete the jobs whose names match."""
        return self._do("jobs", "delete", verbose, mask=jobName)

    def deleteJobById(self, jobId: int, verbose: bool = False) -> Any:
        """Delete a job."""
        return self._do("jobs", "delete", verbose, ids=[jobId])

    def stopJobById(self, jobId: int, verbose: bool = False) -> Any:
        """Pause a job and stop what it runs."""
        return self.setJobState(jobId, "stop", verbose)

    def setJobState(self, jobId: int, state: str, verbose: bool = False) -> Any:
        """Do something to a job: start, pause, stop, restart ..."""
        return self._do("jobs", state, verbose, ids=[jobId])

    def setBlockState(
        self,
        jobId: int,
        blockNum: int,
        state: str,
        taskIds: Sequence[int] = (),
        verbose: bool = False,
    ) -> Any:
        """Do something to tasks of a block, or to all: skip, restart ..."""
        where = {"ids": [jobId], "block_ids": [blockNum]}
        return self._do("jobs", state, verbose, {"task_ids": list(taskIds)}, **where)

    def appendBlocks(self, jobId: int, blocks: Sequence[Block], verbose: bool = False) -> Any:
        """Add blocks to a job."""
        for block in blocks:
            block.fillTasks()
        added = {"blocks": [block.data for block in blocks]}
        return self._do("jobs", "append_blocks", verbose, added, ids=[jobId])

    def appendTasks(
        self, jobId: int, blockId: int, tasks: Sequence[Task], verbose: bool = False
    ) -> Any:
        """Add tasks to a block that is not numeric."""
        added = {"tasks": [task.data for task in tasks]}
        where = {"ids": [jobId], "block_ids": [blockId]}
        return self._do("jobs", "append_tasks", verbose, added, **where)

    # the worker on this host, and others

    def renderSetUserName(self, i_user_name: str) -> Any:
        """Say whose the render is."""
        return self._set_render(user_name=i_user_name)

    def renderSetNimby(self) -> Any:
        """Let it serve its user only."""
        return self._set_render(nimby=True)

    def renderSetNIMBY(self) -> Any:
        """Let it serve nobody."""
        return self._set_render(NIMBY=True)

    def renderSetFree(self) -> Any:
        """Let it serve all."""
        return self._set_render(nimby=False)

    def renderSetFreeUnpause(self) -> Any:
        """Let it serve all, and go on if it is paused."""
        return self._set_render(nimby=False, paused=False)

    def renderEjectTasks(self) -> Any:
        """Take its tasks away."""
        return self._do("renders", "eject_tasks", mask=_host())

    def renderEjectNotMyTasks(self) -> Any:
        """Take away those of its tasks that are not its user's."""
        return self._do("renders", "eject_tasks_keep_my", mask=_host())

    def renderEjectAndNIMBY(self) -> Any:
        """Take its tasks away and let it serve nobody."""
        root = {"mask": _host(), "operation": {"type": "eject_tasks"}, "params": {"NIMBY": True}}
        return self._send("action", {"type": "renders"} | root)

    def renderExit(self, text: str = "") -> Any:
        """Let it end.

        Args:
            text: for nobody; older scripts give one.
        """
        return self._do("renders", "exit", mask=_host())

    def renderGetList(self, mask: str | None = None) -> Any:
        """Give renders: all of them, or those whose names begin so."""
        found: dict[str, Any] = {} if mask is None else {"mask": mask}
        return part(self._get("renders", **found), "renders")

    def renderGetLocal(self) -> Any:
        """Give the render on this host, in a list."""
        return self.renderGetList(_host())

    def renderGetId(self, i_id: int, i_mode: str | None = None) -> Any:
        """Give all that is answered of a render."""
        found: dict[str, Any] = {"ids": [i_id]}
        return self._get("renders", **(found if i_mode is None else {**found, "mode": i_mode}))

    def renderGetResources(self) -> Any:
        """Give the load of all renders."""
        return part(self._get("renders", mode="resources"), "renders")

    # monitors

    def monitorRegister(self) -> Any:
        """Begin to be told of what happens; gives the number of the monitor."""
        found = part(self._send("monitor", {"engine": "python"}), "monitor")
        return part(found, "id")

    def monitorSubscribe(self, monitorId: int, classType: str) -> Any:
        """Be told of jobs, renders, users, pools ..."""
        watch = {"class": classType, "status": "subscribe"}
        return self._do("monitors", "watch", False, watch, ids=[monitorId])

    def monitorChangeUid(self, monitorId: int, uid: int) -> Any:
        """Be told of one user's jobs; 0 of all."""
        return self._do("monitors", "watch", False, {"class": "perm", "uid": uid}, ids=[monitorId])

    def monitorEvents(self, monitorId: int) -> Any:
        """Give what has happened since it was last asked."""
        return self._get("monitors", ids=[monitorId], mode="events")

    def monitorUnregister(self, monitorId: int) -> Any:
        """Be told no more."""
        body = {"type": "monitors", "ids": [monitorId], "operation": {"type": "deregister"}}
        return self._send("action", body, without_answer=True)

    def monitorExit(self, text: str = "") -> Any:
        """Let this user's monitors on this host end.

        Args:
            text: for nobody; older scripts give one.
        """
        mask = f"{cgruconfig.VARS['USERNAME']}@{_host()}.*"
        return self._do("monitors", "exit", mask=mask)

    def _get(self, kind: str, verbose: bool = False, **fields: Any) -> Any:
        return self._send("get", {"type": kind, **fields}, verbose)

    def _do(
        self,
        kind: str,
        operation: str,
        verbose: bool = False,
        more: dict[str, Any] | None = None,
        **where: Any,
    ) -> Any:
        body = {"type": kind, **where, "operation": {"type": operation, **(more or {})}}
        return self._send("action", body, verbose)

    def _set_render(self, **params: Any) -> Any:
        return self._send("action", {"type": "renders", "mask": _host(), "params": params})

    def _send(
        self,
        member: str,
        body: dict[str, Any],
        verbose: bool = False,
        without_answer: bool = False,
    ) -> Any:
        where = afnetwork.address(self._host, self._port)
        root = {member: {**asker(), **body}}
        return afnetwork.sendServer(root, verbose, without_answer, where)[1]


def asker() -> dict[str, str]:
    """Say who asks, as each request does."""
    return {"user_name": cgruconfig.VARS["USERNAME"], "host_name": _host()}


def _host() -> str:
    return str(cgruconfig.VARS["HOSTNAME"])


def part(reply: Any, name: str) -> Any:
    """Give what an answer has of a name; None where there is no such thing."""
    return reply.get(name) if isinstance(reply, dict) else None
