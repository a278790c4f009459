"""A value of the dictionary is set -> the command that does it, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from grange.core import commands as c
from grange.core.objects import Block, Job
from grange.doors.pyfarm.dictionary import FRAME, BadDictionary, frame_key, normal, place
from grange.doors.pyfarm.export import named_block, named_job
from grange.doors.pyfarm.keys import FrameKeys, subjobs
from grange.doors.pyfarm.restored import restorations, task_of
from grange.doors.pyfarm.words import (
    CANCELLED,
    COMPLETE,
    FAILED,
    PAUSED,
    RENDERING,
    WAITING,
    WORD_OF,
)
from grange.model.states import TaskOp, TaskState
from grange.server.caller import Caller
from grange.server.refusal import BadField, Conflict

Path = tuple[str | int, ...]
Value = str | int | float | bool | list[Any] | dict[str, Any] | None

PATH_MAX: Final = 6  # keys, down to a value of a frame
_OPS: Final = {WAITING: TaskOp.CONTINUE, PAUSED: TaskOp.SUSPEND, COMPLETE: TaskOp.DONE}
_WHY_NOT: Final = {
    RENDERING: "the farm itself says what renders; 'Waiting' lets it",
    FAILED: "a frame fails by itself",
    CANCELLED: "what is left out here is skipped, which counts as Complete: see `grange skip`",
}
_COUNTED: Final = "counts are made from the frames, and cannot be set"
_AGAIN: Final = frozenset(
    {TaskState.RUNNING, TaskState.DONE, TaskState.FAILED, TaskState.SKIPPED}
)  # what is to wait is begun again


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value of the dictionary to be set."""

    path: Path  #: keys from the outside in, such as ["Job1", "status"]
    value: Value  #: new; a dictionary for a new subjob or frame


async def change(caller: Caller, setting: Setting) -> int:
    """Set a value. Returns how many things were changed; 0 when all was so already.

    Raises:
        BadField: it cannot be set; says why.
        Conflict: not in the present state.
    """
    path = setting.path
    if not 2 <= len(path) <= PATH_MAX:
        raise BadField(
            'a path has from two keys, such as ["Job1", "status"], to six', field="path"
        )
    job = named_job(caller, str(path[0]))
    match path[1:]:
        case ("status",):
            return await _job_status(caller, job, setting.value)
        case ("subjobs", name, *rest):
            return await _below(caller, job, str(name), rest, setting)
        case ("frames", *_):
            raise BadField(_COUNTED, field="path")
        case (str(key),) if key not in ("subjobs", "id"):
            await caller.do(c.EditJob(job_id=job.job_id, changes={key: setting.value}))
            return 1
    raise _cannot(path)


async def _below(
    caller: Caller, job: Job, name: str, rest: Sequence[str | int], setting: Setting
) -> int:
    if not rest and name not in subjobs(job):
        return await _new_subjob(caller, job, name, setting.value)
    number = named_block(job, name)
    block = job.blocks[number]
    match rest:
        case ["status"]:
            return await _subjob_status(caller, job, block, setting.value)
        case ["complete" | "total" | "failed"]:
            raise BadField(_COUNTED, field="path")
        case ["frames", key]:
            return await _new_frame(caller, job, block, str(key), setting)
        case ["frames", key, "status"]:
            return await _frame_status(caller, job, block, str(key), setting)
        case ["frames", _, str(inside)] if inside in FRAME:
            raise BadField(f"{inside} is what the farm found; it cannot be set", field="path")
        case [str(key)] if key != "frames":
            changes = {key: setting.value}
            await caller.do(c.EditJob(job_id=job.job_id, block=number, changes=changes))
            return 1
    raise _cannot(setting.path)


def _cannot(path: Path) -> BadField:
    return BadField(f"{place(*path)[:200]} cannot be set as one value", field="path")


def _word(value: Value) -> str:
    """A state that can be asked for."""
    if isinstance(value, str) and value in _OPS:
        return value
    why = _WHY_NOT.get(value) if isinstance(value, str) else None
    shown = repr(value)[:80]
    raise BadField(f"{shown}: {why or 'it can be set to ' + ', '.join(_OPS)}", field="value")


async def _job_status(caller: Caller, job: Job, value: Value) -> int:
    word = _word(value)
    if word == COMPLETE:
        return int(await caller.do(c.ChangeTasks(job_id=job.job_id, op=TaskOp.DONE)))
    paused = word == PAUSED
    if not paused and not job.spec.paused:
        raise Conflict(
            f"job {job.spec.name!r} is not paused; set the state of its frames to 'Waiting', and"
            " they are rendered again",
            field="value",
        )
    if paused and job.done:
        raise Conflict(f"job {job.spec.name!r} is Complete already", field="value")
    await caller.do(c.PauseJob(job_id=job.job_id, paused=paused))
    return 1


async def _subjob_status(caller: Caller, job: Job, block: Block, value: Value) -> int:
    word = _word(value)
    op = _OPS[word]
    count = int(await caller.do(c.ChangeTasks(job_id=job.job_id, op=op, block=block.number)))
    if not count and not any(WORD_OF[TaskState(state)] == word for state in block.tasks.state):
        raise Conflict(f"no frame of subjob {block.spec.name!r} can become {word}", field="value")
    return count


async def _frame_status(caller: Caller, job: Job, block: Block, key: str, setting: Setting) -> int:
    task = FrameKeys(block).task(frame_key(key))
    if task is None:
        raise BadField(f"subjob {block.spec.name!r} has no frame {key[:80]!r}", field="path")
    word = _word(setting.value)
    state = TaskState(block.tasks.state[task])
    if WORD_OF[state] == word:
        return 0
    op = TaskOp.RESTART if word == WAITING and state in _AGAIN else _OPS[word]
    command = c.ChangeTasks(job_id=job.job_id, op=op, block=block.number, tasks=((task, task),))
    count = int(await caller.do(command))
    if not count:
        raise Conflict(f"frame {key} is {WORD_OF[state]}: it cannot become {word}", field="value")
    return count


async def _new_subjob(caller: Caller, job: Job, name: str, value: Value) -> int:
    at = place(job.spec.name, "subjobs", name)
    found = list(restorations(normal({job.spec.name: {"subjobs": {name: value}}})))
    command = found[0].command
    if command.tasks or command.runs or len(command.spec.blocks) != 1:
        raise BadField(f"{at}: a new subjob has frames that all wait", field="value")
    await caller.do(c.AppendBlocks(job_id=job.job_id, blocks=command.spec.blocks))
    return 1


async def _new_frame(caller: Caller, job: Job, block: Block, key: str, setting: Setting) -> int:
    at = place(*setting.path)
    if FrameKeys(block).task(frame_key(key)) is not None:
        raise Conflict(f"{at[:200]} is there already; set its status", field="path")
    if not isinstance(setting.value, dict):
        raise BadDictionary(f"{at[:200]} is to be a dictionary")
    frame = dict.fromkeys(FRAME) | setting.value
    if frame["status"] not in (None, WAITING):
        raise BadField("a new frame is 'Waiting'", field="value")
    tasks = (task_of(frame_key(key), frame, at),)
    await caller.do(c.AppendTasks(job_id=job.job_id, block=block.number, tasks=tasks))
    return 1
