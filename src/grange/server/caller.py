"""One request's sender: checks what it may do, then does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from grange.core import commands as c
from grange.core.objects import Job
from grange.model.ids import JobId, WorkerId
from grange.server.auth import Principal
from grange.server.desk import Desk
from grange.server.engine import Actor, Stopped
from grange.server.permissions import Act, Deed, Reach, forbidden_fields
from grange.server.refusal import Forbidden, ServerBusy, Stopping
from grange.store.store import AuditRecord

RETRY_S = 1.0  # after which a sender that was turned away may come again


class Caller:
    """A request's sender, whatever door it came through.

    Args:
        desk: what the door stands before.
        principal: who asks.
    """

    def __init__(self, desk: Desk, principal: Principal) -> None:
        self.desk = desk
        self.views = desk.views
        self.principal = principal

    async def do(self, command: c.Command) -> Any:
        """Have a command done, if the sender may, and give its reply.

        Raises:
            Forbidden: the sender may not.
            Rejected: the core says no.
            ServerBusy: too much waits already; nothing was done.
            Stopping: the server stops.
        """
        self.principal.require(type(command), self._owner(command))
        self._check_fields(command)
        if self.desk.engine.crowded:
            raise ServerBusy("too many commands wait already", retry_s=RETRY_S)
        who = self.principal
        actor = Actor(who.signature, who.role, who.address)
        try:
            return await self.desk.engine.do(command, actor)
        except Stopped as error:
            raise Stopping(str(error), retry_s=RETRY_S) from error

    def may(self, deed: Deed, owner: str | None = None) -> None:
        """Refuse what the sender may not do; see `Principal.require`."""
        self.principal.require(deed, owner)

    def see_job(self, job_id: int) -> Job:
        """A job that the sender may see.

        Raises:
            NoSuchJob: there is none.
            Forbidden: it is another's, and the sender sees only his own.
        """
        job = self.views.get_job(job_id)
        self.may(Act.SEE_JOBS, job.user)
        return job

    def see_past_job(self, job_id: int) -> None:
        """Refuse a sender who may not see a job that may be deleted: then only who sees all."""
        job = self.desk.engine.farm.state.jobs.get(JobId(job_id))
        self.may(Act.SEE_JOBS, job.user if job is not None else "")

    @property
    def sees_only_own(self) -> bool:
        """Whether the sender sees no jobs but his own."""
        return self.principal.reach(Act.SEE_JOBS) is not Reach.ALL

    async def audit(self, action: str, target: str, details: Mapping[str, object]) -> None:
        """Keep what the sender did besides commands."""
        await self.desk.audit(
            AuditRecord(
                at=self.desk.clock(),
                user=self.principal.signature,
                role=self.principal.role,
                address=self.principal.address,
                action=action,
                target=target,
                details=msgspec.json.encode(details),
            )
        )

    def _owner(self, command: c.Command) -> str | None:
        """Whose thing a command is about; None when nobody's, or when it does not exist."""
        state = self.desk.engine.farm.state
        if isinstance(command, c.SubmitJob | c.RestoreJob | c.MoveJobs):
            return command.user
        job_id = getattr(command, "job_id", None)
        if job_id is not None:
            job = state.jobs.get(job_id)
            return job.user if job is not None else None
        worker_id: WorkerId | None = getattr(command, "worker_id", None)
        worker = state.workers.get(worker_id) if worker_id is not None else None
        return worker.spec.user if worker is not None else None

    def _check_fields(self, command: c.Command) -> None:
        fields = frozenset(getattr(command, "changes", ()))
        forbidden = forbidden_fields(self.principal.role, type(command), fields)
        if forbidden:
            name = min(forbidden)
            raise Forbidden(
                f"role {self.principal.role.value!r} may not change {name!r} here", field=name
            )
