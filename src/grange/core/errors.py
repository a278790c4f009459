"""Why the core refuses a command. Raised before anything has changed."""

from __future__ import annotations

from typing import ClassVar

from grange.model.states import TaskState


class Rejected(Exception):
    """A command that cannot be applied. The farm is as before.

    Attributes:
        code: stable, kebab-case; doors map it to their own errors.
        field: path of the field at fault, such as `blocks[0].frames`; "" none.
    """

    code: ClassVar[str] = "rejected"

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field


class InvalidField(Rejected):
    """A field's value cannot be; the text says what would be right."""

    code = "invalid-field"


class UnknownField(Rejected):
    """There is no such field, or it cannot be edited."""

    code = "unknown-field"


class ForeignRuns(Rejected):
    """A worker remembers runs far beyond those of this farm: its state is of another one."""

    code = "foreign-runs"


class NoSuchJob(Rejected):
    """The job was deleted or never existed."""

    code = "no-such-job"


class NoSuchBlock(Rejected):
    """The job has no block of that number."""

    code = "no-such-block"


class NoSuchTask(Rejected):
    """The block has no task of that number."""

    code = "no-such-task"


class NoSuchWorker(Rejected):
    """The worker was deleted or never joined."""

    code = "no-such-worker"


class NoSuchUser(Rejected):
    """There is no user of that name."""

    code = "no-such-user"


class NoSuchBranch(Rejected):
    """There is no branch of that path."""

    code = "no-such-branch"


class NoSuchPool(Rejected):
    """There is no pool of that path."""

    code = "no-such-pool"


class DependencyCycle(Rejected):
    """Jobs or blocks would wait for each other for ever."""

    code = "dependency-cycle"


class TokenReused(Rejected):
    """The token was used for a submission of another user or another job."""

    code = "token-reused"


class NameTaken(Rejected):
    """A worker of that name is online."""

    code = "name-taken"


class InUse(Rejected):
    """It cannot be deleted while something uses it."""

    code = "in-use"


class IllegalMove(Exception):
    """A rule asked for a transition that `TASK_MOVES` does not list: a bug."""

    def __init__(self, present: TaskState, asked: TaskState) -> None:
        super().__init__(f"a {present.name} task cannot become {asked.name}")
