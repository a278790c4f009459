"""What a command is about, as people type it: `12`, `12/0`, `12/0/5-9`, `worker:node7`."""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from grange.model.frames import FramesError, parse_frames

Kind = Literal["job", "worker", "user", "pool", "branch"]
KINDS: Final[tuple[Kind, ...]] = ("job", "worker", "user", "pool", "branch")
_JOB: Final = re.compile(r"(\d{1,18})(?:/(\d{1,9})(?:/([\d\s,x-]+))?)?", re.ASCII)
SHAPE: Final = "write 12 for a job, 12/0 for its first block, 12/0/7 for a task of that"


class BadTarget(ValueError):
    """A text that names nothing; it says what would be right."""


class JobTarget(msgspec.Struct, frozen=True):
    """A job, a block of it, or tasks of that."""

    job: int
    block: int | None = None
    tasks: str = ""  #: numbers, such as 0-5,9; "" all

    def __str__(self) -> str:
        parts = [str(self.job)]
        if self.block is not None:
            parts.append(str(self.block))
        if self.tasks:
            parts.append(self.tasks)
        return "/".join(parts)


class NamedTarget(msgspec.Struct, frozen=True):
    """A worker, a user, a pool or a branch."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


def job_target(text: str) -> JobTarget:
    """Read a job, a block or tasks.

    Raises:
        BadTarget: it is none.
    """
    match = _JOB.fullmatch(text.strip().removeprefix("job:").rstrip("/"))
    if match is None:
        raise BadTarget(f"{text!r} is no job; {SHAPE}")
    block = None if match[2] is None else int(match[2])
    if match[3] is not None:
        try:
            parse_frames(match[3])
        except FramesError as error:
            raise BadTarget(f"{text!r}: {error}") from error
    return JobTarget(int(match[1]), block, match[3] or "")


def target(text: str) -> JobTarget | NamedTarget:
    """Read what a command is about.

    Raises:
        BadTarget: it is nothing.
    """
    kind, colon, name = text.partition(":")
    if not colon or kind == "job":
        return job_target(text)
    for known in KINDS:
        if known == kind and name:
            return NamedTarget(known, name)
    raise BadTarget(
        f"{text!r} names nothing; {SHAPE}, or worker:NAME, user:NAME, pool:/PATH, branch:/PATH"
    )
