"""The farm as the dictionary: what a job, a subjob and a frame say of themselves."""

from __future__ import annotations

import shlex
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from grange.core.objects import Block, Job
from grange.core.order_run import exact_command
from grange.core.records import RunRecord
from grange.core.state import FarmState
from grange.doors.pyfarm.dictionary import FRAME, FrameKey
from grange.doors.pyfarm.keys import FrameKeys, job_key, subjobs
from grange.doors.pyfarm.words import (
    COMPLETE,
    FAILED,
    PAUSED,
    TOLD_BESIDES,
    WORD_OF,
    Tally,
    tally_all,
    tally_states,
)
from grange.model.ids import RunId
from grange.model.patterns import Command
from grange.model.run import RunResult
from grange.model.spec import TaskSpec
from grange.model.states import TaskState
from grange.server.views import Views
from grange.store.files import Shelf

TAIL_MAX: Final = 64 * 1024  # bytes of a log that a frame says, unless the whole is wanted
WHOLE_MAX: Final = 16 * 1024 * 1024  # bytes, though the whole is wanted
_MEASURED: Final = frozenset({"pid", "log_bytes"})  # of a result: a frame says them by itself


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A subjob at one moment."""

    key: str
    block: Block
    states: bytes  #: one `TaskState` a task
    last_run: array[int]
    starts: array[int]
    running: Mapping[int, tuple[str, int, float]]  #: by task: machine, process, when started

    @property
    def tally(self) -> Tally:
        """Its frames, added up."""
        return tally_states([self.states.count(state) for state in TaskState])


class SeenJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job at one moment: its counts are those of its frames."""

    key: str
    job: Job
    subjobs: tuple[Seen, ...]

    @property
    def tally(self) -> Tally:
        """Its frames, added up."""
        return tally_all([seen.tally for seen in self.subjobs])


def see(state: FarmState, views: Views, job: Job) -> SeenJob:
    """Look at a job. Cost: O(its tasks), but in C."""
    found = (_see_block(state, views, key, block) for key, block in subjobs(job).items())
    return SeenJob(key=job_key(state, job), job=job, subjobs=tuple(found))


def _see_block(state: FarmState, views: Views, key: str, block: Block) -> Seen:
    table = block.tasks
    running: dict[int, tuple[str, int, float]] = {}
    for task in table.indexes(TaskState.RUNNING):
        run = state.runs[RunId(table.last_run[task])]
        progress = views.progress(run.run_id)
        host = state.workers[run.worker_id].name
        running[task] = (host, progress.pid if progress else 0, run.started)
    return Seen(
        key=key,
        block=block,
        states=bytes(table.state),
        last_run=table.last_run[:],
        starts=table.starts[:],
        running=running,
    )


def job_head(seen: SeenJob) -> dict[str, Any]:
    """A job but for its subjobs: state and counts, then what it was asked to be."""
    job, found = seen.job, seen.tally
    held = job.spec.paused and found.status not in (COMPLETE, FAILED)
    head = {"status": PAUSED if held else found.status, "frames": found.counts, "id": job.job_id}
    head |= {"user": job.user, "priority": job.spec.priority}
    more = _plain(job.spec)
    if more.pop("name") != seen.key:
        head["name"] = job.spec.name
    more.pop("blocks", None)
    return head | more


def subjob_head(seen: Seen) -> dict[str, Any]:
    """A subjob but for its frames; `range` is how they were asked for."""
    spec, found = seen.block.spec, seen.tally
    head: dict[str, Any] = {"status": found.status, **found.counts}
    more = _plain(spec)
    if spec.name != seen.key:
        head["name"] = spec.name
    more.pop("name", None)
    if frames := more.pop("frames", ""):
        head["range"] = frames
    if seen.block.pre_for is not None:
        head["pre_for"] = seen.block.pre_for
    return head | more


def command_line(command: Command) -> str:
    """A command as one line."""
    return command if isinstance(command, str) else shlex.join(command)


class Frames:
    """The frames of a subjob at one moment.

    Args:
        seen: the subjob.
        shelf: has the logs.
        log_max: bytes of each that are said, the last ones; 0 none.
    """

    def __init__(self, seen: Seen, shelf: Shelf, log_max: int) -> None:
        self.keys = FrameKeys(seen.block)
        self._seen = seen
        self._shelf = shelf
        self._log_max = log_max

    def tasks(self) -> Sequence[int]:
        """Those that there were at that moment, in the order in which they are shown."""
        order, count = self.keys.order(), len(self._seen.states)
        return order if len(order) == count else [task for task in order if task < count]

    def ended(self, tasks: Sequence[int]) -> list[int]:
        """Last runs of some tasks that are over."""
        seen = self._seen
        return [seen.last_run[at] for at in tasks if seen.last_run[at] and at not in seen.running]

    def some(
        self, tasks: Sequence[int], records: Mapping[RunId, RunRecord]
    ) -> Iterator[tuple[FrameKey, dict[str, Any]]]:
        """Some frames, with the records of their last runs."""
        for task in tasks:
            yield (
                self.keys.key(task),
                self._frame(task, records.get(RunId(self._seen.last_run[task]))),
            )

    def _frame(self, task: int, record: RunRecord | None) -> dict[str, Any]:
        seen, block = self._seen, self._seen.block
        state = TaskState(seen.states[task])
        frame: dict[str, Any] = dict.fromkeys(FRAME)
        frame["status"] = WORD_OF[state]
        command = exact_command(block, task)
        frame["command"] = command_line(command)
        if task in seen.running:
            frame["host"], pid, frame["start"] = seen.running[task]
            frame["pid"] = pid or None
        elif record is not None:
            frame["host"] = record.worker or None
            frame |= {"start": record.started, "end": record.ended}
            if record.result is not None:
                frame["pid"] = record.result.pid or None
                frame["result"] = _result(record.result)
        self._tell_log(frame, seen.last_run[task])
        if seen.starts[task]:
            frame["attempt"] = seen.starts[task]
        if state in TOLD_BESIDES:
            frame["state"] = TOLD_BESIDES[state]
        if block.named and (more := self._task(task, command)):
            frame["task"] = more
        return frame

    def _tell_log(self, frame: dict[str, Any], run_id: int) -> None:
        most = self._log_max
        if not most:
            return
        job_id = self._seen.block.job_id
        data = self._shelf.read(job_id, run_id, 0, most + 1) if run_id else b""
        if len(data) > most:
            size = frame["stdout_bytes"] = self._shelf.size(job_id, run_id)
            data = _whole_characters(self._shelf.read(job_id, run_id, size - most, most))
        frame["stdout"] = data.decode("utf-8", "surrogateescape")

    def _task(self, task: int, command: Command) -> dict[str, Any] | None:
        """What a named task is beyond its key and its command."""
        spec = self._seen.block.named[task]
        if spec == TaskSpec(name=str(self.keys.key(task)), command=command_line(command)):
            return None
        return _plain(spec)


def _result(result: RunResult) -> dict[str, Any]:
    return {name: value for name, value in _plain(result).items() if name not in _MEASURED}


def _plain(value: msgspec.Struct) -> dict[str, Any]:
    """What JSON gives back, so lists and no tuples; defaults are left out."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(value))
    return found


def _whole_characters(data: bytes) -> bytes:
    """The end of a text, from the first whole character on."""
    start = next((at for at in range(min(4, len(data))) if data[at] & 0xC0 != 0x80), 0)
    return data[start:]
