"""From what is said after `grange submit` to a job."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from grange.cli.amounts import megabytes
from grange.cli.scenes import rendering
from grange.cli.session import Refused
from grange.cli.words import command_patterns, file_pattern, names_only_one_frame, varies
from grange.model.frames import FramesError, parse_frames
from grange.model.patterns import Command
from grange.model.spec import BlockSpec, JobSpec, TaskSpec
from grange.model.unreadable import UNREADABLE

JOB_FILE: Final = ".json"
STDIN: Final = "-"
_S = TypeVar("_S", bound=msgspec.Struct)
ONLY_HERE: Final = 100  # preference of a pool: nowhere else
_PLACE: Final = re.compile(r" - at `\$\.?(.*)`$")


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a block; "" and None where nothing is."""

    frames: str = ""
    chunk: int | None = None
    service: str = ""
    shell: bool = False
    folder: str = ""  #: to run in
    output: str = ""
    files: Sequence[str] = ()
    environment: Sequence[str] = ()  #: NAME=VALUE
    tickets: Sequence[str] = ()  #: NAME or NAME=COUNT
    memory: str = ""
    capacity: int | None = None
    retries: int | None = None


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of the job, whatever it is made from."""

    name: str = ""
    priority: int | None = None
    after: Sequence[int] = ()
    pools: Sequence[str] = ()  #: PATH or PATH=PREFERENCE
    branch: str = ""
    user: str = ""
    host: str = ""  #: the machine that it is sent from
    paused: bool = False


def job(file: str, command: Sequence[str] | None, draft: Draft, wishes: Wishes) -> JobSpec:
    """Make a job of a file or of a command, whichever is given.

    Raises:
        Refused: it cannot be what is meant.
    """
    if command is not None:
        if file:
            raise Refused(f"either {file!r} or the command after --, not both")
        return job_of_command(command, draft, wishes)
    if file == STDIN or file.lower().endswith(JOB_FILE):
        return job_of_file(file, draft, wishes)
    if file:
        return job_of_scene(file, draft, wishes)
    raise Refused("nothing to submit: name a scene or a job, or give a command after --")


def job_of_command(words: Sequence[str], draft: Draft, wishes: Wishes) -> JobSpec:
    """Make a job of a command line.

    Raises:
        Refused: it cannot be what is meant.
    """
    if not words:
        raise Refused("no command after --")
    if draft.output:
        raise Refused("--output is for scenes: a command says itself where its pictures go")
    if (draft.chunk or 1) > 1 and names_only_one_frame(words):
        raise Refused(
            f"a task has {draft.chunk} frames and the command names one only:"
            " write {first} and {last}, or {frames}, in place of {frame}"
        )
    patterns = command_patterns(words)
    command: Command = " ".join(patterns) if draft.shell else patterns
    title = Path(words[0].split()[0]).name if words[0].split() else "command"
    files = map(file_pattern, draft.files)
    block = _block(draft, title, draft.service or "generic", command, files)
    return _job(title, (block,), wishes)


def job_of_scene(path: str, draft: Draft, wishes: Wishes) -> JobSpec:
    """Make a job of a scene.

    Raises:
        Refused: it is not there, or cannot be rendered so.
        UnknownScene: nobody here knows how.
    """
    scene = Path(draft.folder, path)
    if not scene.is_file():
        raise Refused(f"there is no file {path!r}; a command is given after --")
    if draft.shell:
        raise Refused("--shell is for commands, after --")
    found = rendering(str(scene), draft.service, file_pattern(draft.output))
    if not draft.frames:
        raise Refused(f"which frames of {path!r}? say so, such as -f 1-100")
    files = (*found.files, *map(file_pattern, draft.files))
    block = _block(draft, scene.stem, found.service, found.command, files)
    return _job(scene.name, (block,), wishes)


def job_of_file(path: str, draft: Draft, wishes: Wishes) -> JobSpec:
    """Make a job of a file that has one.

    Raises:
        Refused: it is not there, or no job.
    """
    if draft != Draft(folder=draft.folder):
        raise Refused(f"{path} says itself what its blocks are: edit it, or leave these options")
    try:
        data = sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()
        job = msgspec.json.decode(data, type=JobSpec)
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from error
    except UNREADABLE as error:
        raise Refused(f"{path} is no job: {_where(str(error))}") from error
    return _wished(job, wishes)


def pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    """Read NAME=VALUE, each.

    Raises:
        Refused: one of them is not.
    """
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise Refused(f"{option} {text!r}: write NAME=VALUE")
        found[name] = value
    return found


def numbers(texts: Iterable[str], option: str, usual: int) -> dict[str, int]:
    """Read NAME or NAME=NUMBER, each.

    Raises:
        Refused: one of them is not.
    """
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        try:
            found[name] = int(value) if equals else usual
        except ValueError as error:
            raise Refused(f"{option} {text!r}: write NAME or NAME=NUMBER") from error
    return found


def all_alike(job: JobSpec) -> bool:
    """Whether all tasks of a block of frames would run the very same command."""
    return any(
        not varies((block.command,) if isinstance(block.command, str) else block.command)
        for block in job.blocks
        if block.frames and block.space().size > 1
    )


def _block(
    draft: Draft, name: str, service: str, command: Command, files: Iterable[str]
) -> BlockSpec:
    fields: dict[str, Any] = {
        "name": name,
        "service": service,
        "command": command,
        "working_directory": draft.folder,
        "files": tuple(files),
        "environment": pairs(draft.environment, "--env"),
        "tickets": numbers(draft.tickets, "--ticket", 1),
    }
    if draft.frames:
        _check_frames(draft.frames)
        fields |= {"frames": draft.frames, "frames_per_task": draft.chunk or 1}
    elif draft.chunk is not None:
        raise Refused("--chunk cuts frames: say which, such as -f 1-100")
    else:
        fields["tasks"] = (TaskSpec(name=name),)
    if draft.memory:
        fields["need_memory_mb"] = megabytes(draft.memory)
    if draft.capacity is not None:
        fields["capacity"] = draft.capacity
    if draft.retries is not None:
        fields["errors_retries"] = draft.retries
    return _checked(fields, BlockSpec)


def _job(name: str, blocks: tuple[BlockSpec, ...], wishes: Wishes) -> JobSpec:
    return _wished(JobSpec(name=name, blocks=blocks), wishes)


def _wished(job: JobSpec, wishes: Wishes) -> JobSpec:
    said: dict[str, Any] = {
        "name": wishes.name or None,
        "priority": wishes.priority,
        "branch": wishes.branch or None,
        "user": wishes.user or None,
        "host": job.host or wishes.host or None,
        "paused": wishes.paused or None,
        "depend_jobs": tuple(wishes.after) or None,
        "pools": numbers(wishes.pools, "--pool", ONLY_HERE) or None,
    }
    fields = {name: value for name, value in said.items() if value is not None}
    return _checked(msgspec.structs.asdict(job) | fields, JobSpec)


def _checked(fields: Mapping[str, Any], kind: type[_S]) -> _S:
    """A specification, its bounds checked as those of one from outside are."""
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise Refused(_where(str(error))) from error


def _check_frames(text: str) -> None:
    try:
        parse_frames(text)
    except FramesError as error:
        raise Refused(f"--frames {text!r}: {error}") from error


def _where(text: str) -> str:
    """A fault as msgspec tells it, with its place first."""
    match = _PLACE.search(text)
    said = _PLACE.sub("", text)
    return f"{match[1]}: {said}" if match is not None and match[1] else said
