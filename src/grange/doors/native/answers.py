"""Answers that are not views of the model: lists, numbers, secrets."""

from __future__ import annotations

from typing import Literal

from grange.model.patterns import Command
from grange.model.views import (
    AuditView,
    BranchView,
    CredentialView,
    JobView,
    PoolView,
    StoryLine,
    TaskView,
    ThumbnailView,
    UserView,
    View,
    WorkerView,
)


class Submitted(View, frozen=True, kw_only=True):
    """A job was accepted."""

    job_id: int
    again: bool  #: this Idempotency-Key was known: the job is that of the first submission


class Jobs(View, frozen=True, kw_only=True):
    """Jobs, newest first."""

    jobs: tuple[JobView, ...]


class TaskPlan(View, frozen=True, kw_only=True):
    """One task as it would run."""

    block: int
    task: int
    name: str
    command: Command
    working_directory: str
    files: tuple[str, ...]


class JobPlan(View, frozen=True, kw_only=True):
    """What a job would run."""

    tasks: int  #: of all blocks
    commands: tuple[TaskPlan, ...]  #: of the first tasks of each block


class Changed(View, frozen=True, kw_only=True):
    """How many tasks were changed."""

    changed: int


class BlocksAdded(View, frozen=True, kw_only=True):
    """Numbers of the new blocks."""

    blocks: tuple[int, ...]


class TasksAdded(View, frozen=True, kw_only=True):
    """Numbers of the new tasks."""

    tasks: tuple[int, ...]


class Tasks(View, frozen=True, kw_only=True):
    """A page of a block's tasks."""

    tasks: tuple[TaskView, ...]
    total: int  #: that there are, in the state that was asked for


class Thumbnails(View, frozen=True, kw_only=True):
    """Thumbnails, the newest first."""

    thumbnails: tuple[ThumbnailView, ...]  #: of the last ones that were made


class Story(View, frozen=True, kw_only=True):
    """What happened, oldest first."""

    lines: tuple[StoryLine, ...]


class Workers(View, frozen=True, kw_only=True):
    """All workers."""

    workers: tuple[WorkerView, ...]


class Users(View, frozen=True, kw_only=True):
    """All users."""

    users: tuple[UserView, ...]


class Branches(View, frozen=True, kw_only=True):
    """All branches."""

    branches: tuple[BranchView, ...]


class Pools(View, frozen=True, kw_only=True):
    """All pools."""

    pools: tuple[PoolView, ...]


class Audit(View, frozen=True, kw_only=True):
    """Who changed what, newest first."""

    audit: tuple[AuditView, ...]


class Credentials(View, frozen=True, kw_only=True):
    """All credentials, without their secrets."""

    credentials: tuple[CredentialView, ...]


class Issued(View, frozen=True, kw_only=True):
    """A new token. Its secret is shown this once."""

    credential: CredentialView
    secret: str


class JoinCodeMade(View, frozen=True, kw_only=True):
    """A new join code."""

    code: str
    expires: float


class Joined(View, frozen=True, kw_only=True):
    """A worker's new credential. Its secret is shown this once."""

    credential_id: str
    secret: str
    state: Literal["pending", "active", "revoked"]


class LoginLink(View, frozen=True, kw_only=True):
    """Where a browser is signed in, once, within five minutes."""

    url: str
