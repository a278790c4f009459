"""A job as Afanasy's clients write it -> our specification of a job."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, TypeVar

import msgspec

from grange.doors.afanasy.orders.fields import (
    BadOrder,
    clamped,
    each,
    flag,
    inside,
    number,
    numbers,
    within,
)
from grange.doors.afanasy.orders.words import (
    BLOCK,
    FLAGS,
    JOB,
    MULTIHOST,
    NUMERIC,
    TASK,
    Key,
    theirs,
)
from grange.model.frames import FRAME_MAX
from grange.model.spec import BlockSpec, JobSpec, TaskSpec

S = TypeVar("S", bound=msgspec.Struct)

_frame = within(-FRAME_MAX, FRAME_MAX)
_step = clamped(1, FRAME_MAX)
_per_task = within(-1_000_000, 1_000_000)
_MULTIHOST: Final = ("multihost_min", "multihost_max")


def read_job(raw: object) -> JobSpec:
    """A job with its blocks.

    Raises:
        BadOrder: names the field at fault.
    """
    job = inside(raw, "job")
    fields = plain(_said(job), JOB, "")
    if not fields.get("user"):
        raise BadOrder("user_name", "a job needs the name of its user")
    fields["name"] = fields.get("name") or "job"
    if "blocks" not in job:
        raise BadOrder("blocks", "a job needs at least one block")
    blocks = read_blocks(job["blocks"])
    fields["try_first"] = _try_first(job)
    return msgspec.structs.replace(_made(JobSpec, {**fields, "blocks": ()}, ""), blocks=blocks)


def read_blocks(raw: object, path: str = "blocks") -> tuple[BlockSpec, ...]:
    """A list of blocks.

    Raises:
        BadOrder: names the field at fault.
    """
    found = each(raw, path)
    if not found:
        raise BadOrder(path, "at least one block is needed")
    return tuple(_block(_said(inside(item, at)), at) for item, at in _places(found, path))


def read_tasks(raw: object, path: str = "tasks") -> tuple[TaskSpec, ...]:
    """A list of named tasks.

    Raises:
        BadOrder: names the field at fault.
    """
    found = each(raw, path)
    if not found:
        raise BadOrder(path, "at least one task is needed")
    return tuple(
        _made(TaskSpec, plain(_said(inside(item, at)), TASK, at), at)
        for item, at in _places(found, path)
    )


def plain(raw: Mapping[str, Any], keys: Mapping[str, Key], path: str) -> dict[str, Any]:
    """The fields of ours that some keys stand for; other keys are passed over."""
    return {
        key.ours: key.read(raw[name], below(path, name))
        for name, key in keys.items()
        if name in raw
    }


def below(path: str, name: str) -> str:
    """The path of a field in an object."""
    return f"{path}.{name}" if path else name


def flags_of(flags: int) -> dict[str, bool]:
    """The fields of a block that its flags set."""
    return {name: bool(flags & bit) for bit, name in FLAGS.items()}


def _said(raw: Mapping[str, Any]) -> dict[str, Any]:
    """An object without its nulls, which are what a script has left None."""
    return {name: value for name, value in raw.items() if value is not None}


def _block(raw: dict[str, Any], path: str) -> BlockSpec:
    fields = plain(raw, BLOCK, path)
    fields["name"] = fields.get("name") or "block"
    fields["service"] = fields.get("service") or "generic"
    flags = number(raw.get("flags", 0), f"{path}.flags")
    fields |= {name: True for name, on in flags_of(flags).items() if on}
    if flag(raw.get("non_sequential", False), f"{path}.non_sequential"):
        fields.setdefault("sequential", 0)
    _multihost(raw, flags, fields)
    tasks: tuple[TaskSpec, ...] = ()
    if _is_numeric(raw, flags, path):
        fields |= _frames(raw, path)
    elif raw.get("tasks"):
        tasks = read_tasks(raw["tasks"], f"{path}.tasks")
        fields["frames_per_task"] = _number_of(raw, "frames_per_task", path) or 1
    else:
        raise BadOrder(f"{path}.tasks", "a block has tasks, or frame_first and frame_last")
    return msgspec.structs.replace(_made(BlockSpec, fields, path), tasks=tasks)


def _is_numeric(raw: Mapping[str, Any], flags: int, path: str) -> bool:
    """Whether a block's tasks are frames: older clients say so by giving no tasks."""
    if flags & NUMERIC or flag(raw.get("numeric", False), f"{path}.numeric"):
        return True
    return not raw.get("tasks") and ("frame_first" in raw or "frame_last" in raw)


def _frames(raw: Mapping[str, Any], path: str) -> dict[str, Any]:
    first = _frame(raw.get("frame_first", 0), f"{path}.frame_first")
    last = _frame(raw.get("frame_last", first), f"{path}.frame_last")
    step = _step(raw.get("frames_inc", 1), f"{path}.frames_inc")
    if last < first:
        raise BadOrder(f"{path}.frame_last", f"{last} is before frame_first, {first}")
    per_task = max(1, _number_of(raw, "frames_per_task", path))
    return {"frames": f"{first}-{last}x{step}", "frames_per_task": per_task}


def _number_of(raw: Mapping[str, Any], name: str, path: str) -> int:
    found: int = _per_task(raw.get(name, 1), f"{path}.{name}")
    return found


def _multihost(raw: Mapping[str, Any], flags: int, fields: dict[str, Any]) -> None:
    """Take tasks of several machines as such if the flags say so, or where there are none."""
    if flags & MULTIHOST:
        fields["multihost_min"] = max(1, fields.get("multihost_min", 1))
    elif "flags" in raw:
        for name in _MULTIHOST:
            fields.pop(name, None)


def _try_first(raw: Mapping[str, Any]) -> tuple[tuple[int, int], ...]:
    tasks, blocks = (
        numbers(raw.get(name, []), name) for name in ("try_this_tasks_num", "try_this_blocks_num")
    )
    if len(tasks) != len(blocks):
        raise BadOrder("try_this_blocks_num", "it is as long as try_this_tasks_num")
    return tuple(zip(blocks, tasks, strict=True))


def _places(found: Collection[Any], path: str) -> list[tuple[Any, str]]:
    return [(item, f"{path}[{place}]") for place, item in enumerate(found)]


def _made(kind: type[S], fields: dict[str, Any], path: str) -> S:
    """A specification, its bounds checked."""
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        why, _, place = str(error).partition(" - at `$.")
        raise BadOrder(
            below(path, theirs(place.rstrip("`"))), why[:1].lower() + why[1:]
        ) from error
