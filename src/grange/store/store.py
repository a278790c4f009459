"""What the shell may ask of a store, whatever the database, and how a store fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from grange.core.records import Changes, NoteRecord, RunRecord, Snapshot


class StoreError(Exception):
    """A store cannot do what was asked; the text says what to do about it."""


class SchemaTooNew(StoreError):
    """The store was written by a newer version than this one."""


class StoreInUse(StoreError):
    """Another server has the store open."""


class StoreBroken(StoreError):
    """A commit did not happen: memory is ahead of the disk. The process has to end.

    Once raised, every later commit raises it too.
    """


class UnreadableRecord(StoreError):
    """A stored record is not what its table promises."""


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A change that somebody asked for: who, from where, what, and what came of it."""

    at: float
    user: str
    role: str
    address: str  #: where it came from
    action: str  #: name of the command
    target: str  #: path of the object, such as `job/7` or `worker/12`
    details: bytes = b"{}"  #: JSON: the command, the values before and after
    outcome: str = "done"  #: "done", or the code of the refusal
    audit_id: int = 0  #: given by the store


class CredentialRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A secret that opens a door, as its hash. Key: `credential_id`."""

    credential_id: str
    kind: Literal["token", "worker", "join"]
    name: str  #: of the user or worker that holds it
    role: str
    secret_hash: bytes
    state: Literal["pending", "active", "revoked"]
    created: float
    expires: float = 0.0  #: 0 never
    worker_id: int = 0  #: 0 none
    note: str = ""


class Ledger(Protocol):
    """The farm's state. All three are called from one thread."""

    def load(self) -> Snapshot:
        """Read all that a restart needs."""

    def commit(self, changes: Changes, audit: Sequence[AuditRecord] = ()) -> None:
        """Make changes durable, all or nothing. Blocks until they are on disk.

        Deletions come first: a name that is both deleted and put exists afterwards. Ids
        are never reused, so what is put of a job or worker that is also deleted is left out.

        Raises:
            StoreBroken: nothing was changed, or it cannot be known.
        """

    def close(self) -> None:
        """Let the store go. Harmless when repeated."""


class History(Protocol):
    """What happened. May be asked from any thread, also while a commit is under way."""

    def runs(
        self,
        job_id: int,
        block: int | None = None,
        task: int | None = None,
        *,
        limit: int = 100,
        before_run_id: int | None = None,
    ) -> list[RunRecord]:
        """Runs of a job, block or task, newest first; also of deleted jobs.

        Args:
            job_id: the job.
            block: None for all; then `task` is not looked at.
            task: None for all.
            limit: how many at most.
            before_run_id: only older ones; for the next page.
        """

    def run(self, run_id: int) -> RunRecord | None:
        """One run, or None when it never was."""

    def runs_with(self, run_ids: Sequence[int]) -> list[RunRecord]:
        """The runs of some ids, those that are known, in any order."""

    def runs_of_worker(
        self, worker_id: int, *, limit: int = 100, before_run_id: int | None = None
    ) -> list[RunRecord]:
        """Runs that a worker was given, newest first."""

    def notes(
        self, job_id: int, block: int | None = None, task: int | None = None, *, limit: int = 1_000
    ) -> list[NoteRecord]:
        """The latest notes, oldest first.

        Of a job: all of them. Of a block: the whole job's and all of the block. Of a task:
        the whole job's, the whole block's, and those on ranges that hold the task.
        """

    def audit(
        self,
        *,
        limit: int = 100,
        before: int | None = None,
        user: str | None = None,
        target: str | None = None,
    ) -> list[AuditRecord]:
        """What was asked, newest first.

        Args:
            limit: how many at most.
            before: only those with a smaller `audit_id`; for the next page.
            user: only what this user asked.
            target: only what was asked of this object.
        """


class Credentials(Protocol):
    """Who may come in. May be called from any thread."""

    def credentials(self) -> list[CredentialRecord]:
        """All of them, revoked ones included, oldest first."""

    def put_credential(self, credential: CredentialRecord) -> None:
        """Insert or replace one, durably."""

    def delete_credential(self, credential_id: str) -> None:
        """Remove one, durably. Harmless when there is none."""


class Store(Ledger, History, Credentials, Protocol):
    """All of the above; `open_store` gives one."""
