"""Bodies of requests that are not specifications of the model."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from grange.model.spec import NAME_MAX, BlockSpec, Name, ShortText, TaskSpec
from grange.model.states import Role, TaskFilter, TaskOp

LIST_MAX = 10_000  # items of a list that a person or script chose one by one

Changes = dict[str, Any]  # field -> new value, checked by the core
Blocks = Annotated[tuple[BlockSpec, ...], Meta(max_length=10_000)]
Tasks = Annotated[tuple[TaskSpec, ...], Meta(max_length=1_000_000)]
Number = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Numbers = Annotated[tuple[Number, ...], Meta(max_length=LIST_MAX)]
Word = Annotated[str, Meta(max_length=100_000)]
LaunchedCommand = Word | Annotated[tuple[Word, ...], Meta(max_length=1_000)]
Lifetime = Annotated[float, Meta(gt=0, le=10 * 366 * 86_400)]  # seconds, at most ten years


class Ask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the bodies; carries nothing."""


class TasksChange(Ask, frozen=True, kw_only=True):
    """Do an operation to tasks."""

    op: TaskOp
    block: Number | None = None  #: all blocks without
    tasks: Annotated[str, Meta(min_length=1, max_length=1_000_000)] | None = (
        None  #: numbers as a list such as 0-5,9; all without
    )
    only: TaskFilter = TaskFilter.ALL
    with_depends: bool = False  #: restart also the tasks that these depend on


class NextTasks(Ask, frozen=True, kw_only=True):
    """Put tasks before all others, or take them off that list."""

    block: Number
    tasks: Numbers
    remove: bool = False


class ErrorsForgotten(Ask, frozen=True, kw_only=True):
    """Forget which hosts are avoided."""

    block: Number | None = None  #: all blocks without


class Ejection(Ask, frozen=True, kw_only=True):
    """Stop the runs of a worker."""

    keep_own: bool = False  #: leave those of the worker's user


class Instruction(Ask, frozen=True, kw_only=True):
    """Have a worker do something with its machine."""

    what: Literal["exit", "restart", "reboot", "shutdown", "sleep", "wake", "self-test"]


class Launching(Ask, frozen=True, kw_only=True):
    """Have a worker start a command beside its tasks."""

    command: LaunchedCommand  #: a list is an argument list, a string a shell's line
    exit: bool = False  #: and leave, once it is started


class JobsMove(Ask, frozen=True, kw_only=True):
    """Change the order in which a user's jobs stand."""

    job_ids: Numbers
    where: Literal["up", "down", "top", "bottom"]


class NewToken(Ask, frozen=True, kw_only=True):
    """Make a token for a person or a program."""

    name: Name
    role: Role
    expires_s: Lifetime | None = None  #: never without
    note: ShortText = ""


class NewJoinCode(Ask, frozen=True, kw_only=True):
    """Make a join code."""

    expires_s: Annotated[float, Meta(ge=60, le=7 * 86_400)] | None = None  #: as set, without


class Join(Ask, frozen=True, kw_only=True):
    """Ask to be let in as a worker."""

    code: Annotated[str, Meta(max_length=1_024)]
    name: Annotated[str, Meta(min_length=1, max_length=NAME_MAX)]
