"""The dictionary -> jobs as they were: what is over stays over, with its history and its log.

Keys that name fields of our jobs and blocks are these fields; a subjob that says its `range`
has frames, any other has named tasks, one a frame, each with the command that it says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

import msgspec

from grange.core.build import new_block, own_blocks
from grange.core.commands import RestoredRun, RestoredTasks, RestoreJob
from grange.core.objects import Block
from grange.core.order_run import exact_command
from grange.doors.pyfarm.dictionary import COUNTS, FRAME, BadDictionary, FrameKey, Jobs, place
from grange.doors.pyfarm.keys import FrameKeys
from grange.doors.pyfarm.live import command_line
from grange.doors.pyfarm.runs import RUN_KEYS, log_of, run_of
from grange.doors.pyfarm.words import (
    COMPLETE,
    STATE_OF,
    WAITING,
    WORDS,
    Tally,
    tally_all,
    tally_words,
)
from grange.model.frames import FramesError
from grange.model.ids import JobId
from grange.model.spec import BlockSpec, JobSpec, TaskSpec
from grange.model.states import TaskState

S = TypeVar("S", bound=msgspec.Struct)

_JOB_KEYS: Final = frozenset({"status", "frames", "subjobs", "id", "name"})
_SUBJOB_KEYS: Final = frozenset({"status", "frames", "name", "range", "pre_for", *COUNTS})
_FRAME_KEYS: Final = frozenset({*FRAME, *RUN_KEYS, "state", "task", "stdout_bytes"})
_JOB_FIELDS: Final = frozenset(JobSpec.__struct_fields__) - {"name", "blocks"}
_BLOCK_FIELDS: Final = frozenset(BlockSpec.__struct_fields__) - {"name", "frames", "tasks"}


class Restoration(msgspec.Struct, frozen=True, kw_only=True):
    """One job to restore.

    Attributes:
        key: of the job in the dictionary.
        was: its number in the farm that it comes from; 0 not known.
        command: what makes it; its user is "" where the dictionary names none.
        logs: of the command's runs, in the same order.
        notes: what is not as the dictionary says, a sentence each.
    """

    key: str
    was: int
    command: RestoreJob
    logs: tuple[bytes, ...]
    notes: tuple[str, ...]


class _Parts:
    """What the subjobs of one job amount to."""

    def __init__(self, job: str) -> None:
        self.job = job
        self.blocks: list[BlockSpec] = []
        self.numbers: dict[int, int] = {-1: -1}  # of blocks: as they were -> as they will be
        self.before: list[tuple[int, str, Mapping[FrameKey, Any]]] = []  # pre commands
        self.tasks: list[RestoredTasks] = []
        self.runs: list[RestoredRun] = []
        self.logs: list[bytes] = []
        self.notes: list[str] = []
        self.unknown: Counter[tuple[str, str]] = Counter()
        self.cut = 0  # frames of whose logs only the end is there

    def note_unknown(self, what: str, item: Mapping[str, Any], known: frozenset[str]) -> None:
        """Count the keys that there is no place for."""
        for key in item.keys() - known:
            self.unknown[what, key] += 1


def restorations(jobs: Jobs) -> Iterator[Restoration]:
    """Make of each job what restores it.

    Raises:
        BadDictionary: something in it cannot be; says where, and what would be right.
    """
    for key, job in jobs.items():
        at = place(key)
        parts = _Parts(key)
        parts.note_unknown("job", job, _JOB_KEYS | _JOB_FIELDS)
        tallies = [_subjob(parts, name, sub) for name, sub in job["subjobs"].items()]
        _compare(parts, at, job.get("frames", {}), tally_all(tallies or [Tally()]))
        fields = _fields(job, _JOB_FIELDS)
        fields |= {"name": job.get("name", key), "blocks": ()}
        spec = _converted(fields, JobSpec, at)
        spec = msgspec.structs.replace(spec, blocks=tuple(parts.blocks))
        if parts.blocks:
            _before(parts, spec)
        was = job.get("id")
        yield Restoration(
            key=key,
            was=was if isinstance(was, int) else 0,
            command=RestoreJob(
                spec=spec, user=spec.user, tasks=tuple(parts.tasks), runs=tuple(parts.runs)
            ),
            logs=tuple(parts.logs),
            notes=(*parts.notes, *_more_notes(parts, at)),
        )


def _more_notes(parts: _Parts, at: str) -> Iterator[str]:
    for (what, key), count in sorted(parts.unknown.items()):
        yield f"{at}: there is no place for {key!r} of {count} {what}{'s' * (count > 1)}"
    if parts.cut:
        yield f"{at}: of the logs of {parts.cut} frames only the end was there"


def _compare(parts: _Parts, at: str, said: Mapping[str, Any], found: Tally) -> None:
    for name, count in found.counts.items():
        if said.get(name) not in (None, count):
            parts.notes.append(f"{at} says {name} {said[name]!r}, its frames say {count}")


def _subjob(parts: _Parts, name: str, subjob: Mapping[str, Any]) -> Tally:
    at = place(parts.job, "subjobs", name)
    frames: Mapping[FrameKey, Any] = subjob["frames"]
    found = tally_words(frame["status"] for frame in frames.values())
    _compare(parts, at, subjob, found)
    parts.note_unknown("subjob", subjob, _SUBJOB_KEYS | _BLOCK_FIELDS)
    old = len(parts.numbers) - 1
    if "pre_for" in subjob:
        parts.numbers[old] = -2  # nothing comes before what comes before
        parts.before.append((_whole(subjob["pre_for"], f"{at}['pre_for']"), at, frames))
        return found
    if not frames:
        parts.numbers[old] = -2
        parts.notes.append(f"{at} has no frames: left out")
        return found
    parts.numbers[old] = number = len(parts.blocks)
    spec = _block(name, subjob, frames, at)
    parts.blocks.append(spec)
    _take_frames(parts, number, spec, frames, at)
    return found


def _block(
    name: str, subjob: Mapping[str, Any], frames: Mapping[FrameKey, Any], at: str
) -> BlockSpec:
    fields = _fields(subjob, _BLOCK_FIELDS)
    fields["name"] = subjob.get("name", name)
    if "range" in subjob:
        return _converted(fields | {"frames": subjob["range"]}, BlockSpec, at)
    tasks = tuple(task_of(key, frame, at) for key, frame in frames.items())
    return msgspec.structs.replace(_converted(fields, BlockSpec, at), tasks=tasks)


def task_of(key: FrameKey, frame: Mapping[str, Any], at: str) -> TaskSpec:
    """The named task of a frame."""
    if "task" in frame:
        return _converted(frame["task"], TaskSpec, f"{at}['frames'][{key!r}]['task']")
    command = frame["command"]
    if not isinstance(command, str) or not command:
        raise BadDictionary(f"{at}['frames'][{key!r}]['command']: a frame needs a command")
    return TaskSpec(name=str(key), command=command)


def _take_frames(
    parts: _Parts, number: int, spec: BlockSpec, frames: Mapping[FrameKey, Any], at: str
) -> None:
    """What has become of the frames, and of what they have run."""
    try:
        block = new_block(JobId(0), number, spec, None, preview=False)
    except FramesError as error:
        raise BadDictionary(f"{at}['range']: {error}") from error
    found = _places(block, frames, at)
    states = bytearray(block.tasks.size)
    for task, (key, frame) in sorted(zip(found, frames.items(), strict=True), key=_first):
        here = f"{at}['frames'][{key!r}]"
        said = frame["command"]
        if said is not None and said != command_line(exact_command(block, task)):
            raise BadDictionary(
                f"{here}['command'] is not what its subjob and its `task` say; leave out"
                " `range`, `command` and `task`, and each frame is run as it says"
            )
        states[task] = _state(frame, here) or 0
        _take_run(parts, number, task, frame, here)
    parts.tasks += _spans(number, states)


def _first(item: tuple[int, Any]) -> int:
    return item[0]


def _places(block: Block, frames: Mapping[FrameKey, Any], at: str) -> list[int]:
    """The tasks of the frames: each has one."""
    if block.named:
        return list(range(len(frames)))
    keys = FrameKeys(block)
    found = [keys.task(key) for key in frames]
    tasks = [task for task in found if task is not None]
    if len(tasks) != len(frames) or len(set(tasks)) != block.tasks.size:
        raise BadDictionary(
            f"{at}: its frames are not those of its range {block.spec.frames[:80]!r};"
            " leave out `range`, `command` and `task`, and there are those that it names"
        )
    return tasks


def _take_run(parts: _Parts, number: int, task: int, frame: Mapping[str, Any], here: str) -> None:
    parts.note_unknown("frame", frame, _FRAME_KEYS)
    log = log_of(frame, here)
    parts.cut += bool(log) and "stdout_bytes" in frame
    run = run_of(frame, number, task, len(log), here)
    if run is not None:
        parts.runs.append(run)
        parts.logs.append(log)


def _state(frame: Mapping[str, Any], here: str) -> TaskState | None:
    word = WAITING if frame["status"] is None else frame["status"]
    if not isinstance(word, str) or word not in STATE_OF:
        raise BadDictionary(f"{here}['status'] is {word!r}; it is one of {', '.join(WORDS)}")
    said = frame.get("state")
    if said not in (None, "skipped"):
        raise BadDictionary(f"{here}['state'] is {said!r}; it is 'skipped', or not there")
    return TaskState.SKIPPED if said and word == COMPLETE else STATE_OF[word]


def _spans(number: int, states: bytes | bytearray) -> Iterator[RestoredTasks]:
    """Tasks that are alike, together; 0 is a task as at a submission."""
    first = 0
    while first < len(states):
        state = states[first]
        last = first
        while last + 1 < len(states) and states[last + 1] == state:
            last += 1
        if state:
            yield RestoredTasks(block=number, first=first, last=last, state=TaskState(state))
        first = last + 1


def _before(parts: _Parts, spec: JobSpec) -> None:
    """What has become of the pre commands, whose blocks the farm makes by itself."""
    made = {pre_for: number for number, (_, pre_for) in enumerate(own_blocks(spec))}
    for pre_for, at, frames in parts.before:
        number = made.get(parts.numbers.get(pre_for, -2))
        if number is None or len(frames) != 1:
            parts.notes.append(f"{at} is of a pre command that the job has not: left out")
            continue
        (frame,) = frames.values()
        state = _state(frame, at)
        if state is not None:
            parts.tasks.append(RestoredTasks(block=number, first=0, last=0, state=state))
        _take_run(parts, number, 0, frame, at)


def _fields(item: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    return {name: item[name] for name in known & item.keys() if item[name] is not None}


def _converted(fields: Any, kind: type[S], at: str) -> S:
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise BadDictionary(f"{at}: {error}") from error


def _whole(value: object, at: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadDictionary(f"{at} is {value!r}, which is no whole number")
    return value
