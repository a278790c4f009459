"""Jobs of a dictionary into the farm: all are checked, then each is made whole in one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from grange.core import jobs as rules
from grange.core.commands import RestoreJob, SubmitJob, Submitted
from grange.core.records import RunRecord
from grange.core.restore import ELSEWHERE
from grange.doors.pyfarm.dictionary import Jobs, frame_key
from grange.doors.pyfarm.json_form import from_json
from grange.doors.pyfarm.keys import FrameKeys, subjobs
from grange.doors.pyfarm.restored import Restoration, restorations
from grange.doors.pyfarm.runs import log_of
from grange.doors.pyfarm.xml_in import from_xml
from grange.model.ids import JobId, RunId
from grange.server.caller import Caller
from grange.server.refusal import Conflict
from grange.store.files import LogNotKept, Shelf

Existing = Literal["refuse", "skip", "add"]

NOTES_MAX: Final = 1_000  # sentences of one answer
_XML_BEGINS: Final = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<", b"\xfe\xff\0<")
_LOOKED_AT: Final = 1_024  # bytes in which a document shows what it is


class ImportedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that was taken."""

    key: str  #: in the dictionary that was sent
    job_id: int
    again: bool  #: this Idempotency-Key was known: the job is that of the first time


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a dictionary."""

    jobs: tuple[ImportedJob, ...]
    notes: tuple[str, ...]  #: what is not as it said, a sentence each


class LogsAdded(msgspec.Struct, frozen=True, kw_only=True):
    """How many logs were kept."""

    kept: int  #: on the shelf now, also if they were there before
    left_out: int  #: of frames that have run here since, had no run, or have another log


class _Making(msgspec.Struct, frozen=True):
    """A job that is about to be made."""

    plan: Restoration
    command: RestoreJob


def read(data: bytes) -> Jobs:
    """Read a dictionary, be it XML or JSON.

    Raises:
        BadDictionary: it is neither.
    """
    if data[:_LOOKED_AT].lstrip().startswith(_XML_BEGINS):
        return from_xml(data)
    return from_json(data)


async def take(
    caller: Caller, data: bytes, *, user: str, existing: Existing, token: str
) -> Imported:
    """Make the jobs of a dictionary.

    Args:
        caller: who sends it.
        data: XML or JSON.
        user: whose they become; "" as each says, or the sender's.
        existing: what to do with a job whose name there is already.
        token: the sender's word for this import; "" none.

    Raises:
        BadDictionary, Rejected, Refusal: nothing was made; or, where the farm changed
            meanwhile, not all. The same again, under the same token, goes on from there.
    """
    loop = asyncio.get_running_loop()
    plans = await loop.run_in_executor(caller.desk.reading, _plans, data)
    notes: list[str] = []
    making = list(_checked(caller, plans, user, existing, token, notes))
    made: dict[int, JobId] = {}
    answers: list[ImportedJob] = []
    for item in _in_order(making):
        reply, said = await _make(caller, item, made)
        notes += said
        if item.plan.was:
            made[item.plan.was] = reply.job_id
        answers.append(ImportedJob(key=item.plan.key, job_id=reply.job_id, again=reply.again))
    notes += [note for item in making for note in item.plan.notes]
    if len(notes) > NOTES_MAX:
        notes[NOTES_MAX:] = [f"and {len(notes) - NOTES_MAX} more"]
    return Imported(jobs=tuple(answers), notes=tuple(notes))


def _plans(data: bytes) -> list[Restoration]:
    return list(restorations(read(data)))


def _checked(
    caller: Caller,
    plans: Sequence[Restoration],
    user: str,
    existing: Existing,
    token: str,
    notes: list[str],
) -> Iterator[_Making]:
    """The jobs that are to be made, each of them sound."""
    state = caller.desk.engine.farm.state
    for number, plan in enumerate(plans):
        spec = plan.command.spec
        if not spec.blocks:
            notes.append(f"{plan.key!r} has no frames: left out")
            continue
        owner = user or spec.user or caller.principal.user
        word = f"{token}:{number}" if token else ""
        command = replace(plan.command, spec=replace(spec, user=owner), user=owner, token=word)
        caller.may(RestoreJob if _is_over(command) else SubmitJob, owner)
        known = bool(word) and (owner, word) in state.tokens
        if spec.name in state.names and not known:
            if existing == "refuse":
                raise Conflict(
                    f"there is a job {spec.name!r} already",
                    field="existing",
                    hint="delete it; or choose for existing: add (another one) or skip (none)",
                )
            if existing == "skip":
                notes.append(f"there is a job {spec.name!r} already: left out")
                continue
        alone = replace(command, spec=replace(command.spec, depend_jobs=()))
        if not known:
            rules.check(state, alone)
        yield _Making(plan, command)


def _is_over(command: RestoreJob) -> bool:
    return bool(command.tasks or command.runs)


def _in_order(making: Sequence[_Making]) -> list[_Making]:
    """Jobs after those that they wait for. A circle, which no farm has, is cut somewhere."""
    by_number = {item.plan.was: item for item in making if item.plan.was}
    found: dict[int, _Making] = {}
    met: set[int] = set()
    line = list(reversed(making))
    while line:
        item = line[-1]
        missing = [
            by_number[number]
            for number in item.command.spec.depend_jobs
            if number in by_number and id(by_number[number]) not in met
        ]
        if id(item) not in met and missing:
            met.add(id(item))
            line += missing
            continue
        met.add(id(item))
        found.setdefault(id(line.pop()), item)
    return list(found.values())


async def _make(
    caller: Caller, item: _Making, made: dict[int, JobId]
) -> tuple[Submitted, list[str]]:
    """Make one job, then put its logs on the shelf."""
    command, notes = item.command, []
    waits = command.spec.depend_jobs
    if gone := [number for number in waits if number not in made]:
        shown = ", ".join(map(str, gone[:10]))
        notes.append(f"{item.plan.key!r} waited for jobs that are not here: {shown}")
    depends = tuple(made[number] for number in waits if number in made)
    spec = replace(command.spec, depend_jobs=depends)
    if not _is_over(command):
        simple = SubmitJob(spec=spec, user=command.user, token=command.token)
        reply: Submitted = await caller.do(simple)
        return reply, notes
    restored = await caller.do(replace(command, spec=spec))
    if restored.first_run:
        first, job_id = restored.first_run, restored.job_id
        logs = [(RunId(first + at), log) for at, log in enumerate(item.plan.logs) if log]
        notes += (await _shelve(caller, job_id, logs))[1]
    return restored, notes


async def _shelve(
    caller: Caller, job_id: JobId, logs: Sequence[tuple[RunId, bytes]]
) -> tuple[int, list[str]]:
    """Keep logs. Returns how many, and why not all."""
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(
            caller.desk.reading, _append, caller.desk.logs, job_id, logs
        ), []
    except LogNotKept as error:
        return 0, [f"not all logs of job {job_id} are kept: {error}"]


def _append(shelf: Shelf, job_id: JobId, logs: Iterable[tuple[RunId, bytes]]) -> int:
    """Put logs on the shelf that are not there, or there in part. Returns how many."""
    kept = 0
    for run_id, log in logs:
        size = shelf.size(job_id, run_id)
        if size == 0 or (size <= len(log) and shelf.read(job_id, run_id, 0, size) == log[:size]):
            shelf.append(job_id, run_id, 0, log)
            kept += 1
    return kept


async def add_logs(caller: Caller, job_id: int, data: bytes) -> LogsAdded:
    """Keep logs of frames that were restored before, and have not run here since.

    Raises:
        BadDictionary, Rejected, Refusal: nothing was kept.
    """
    job = caller.see_job(job_id)
    caller.may(RestoreJob, job.user)
    loop = asyncio.get_running_loop()
    jobs = await loop.run_in_executor(caller.desk.reading, read, data)
    blocks = subjobs(job)
    found: list[tuple[RunId, bytes]] = []
    total = 0
    for key, said in jobs.items():
        for name, subjob in said["subjobs"].items():
            total += len(subjob["frames"])
            if (block := blocks.get(name)) is None:
                continue
            keys = FrameKeys(block)
            for frame, item in subjob["frames"].items():
                task = keys.task(frame_key(str(frame)))
                log = log_of(item, f"{key}/{name}/{frame}")
                if task is not None and block.tasks.last_run[task]:
                    found.append((RunId(block.tasks.last_run[task]), log))
    records = await caller.views.ended_runs([run_id for run_id, _ in found])
    ours = [item for item in found if _is_restored(records.get(item[0]))]
    kept, why_not = await _shelve(caller, job.job_id, ours)
    if why_not:
        raise Conflict(why_not[0])
    return LogsAdded(kept=kept, left_out=total - kept)


def _is_restored(record: RunRecord | None) -> bool:
    return record is not None and record.worker_id == ELSEWHERE
