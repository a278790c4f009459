"""Stories and logs as lines of text, in the way that Afanasy writes them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from grange.core.objects import Block, Job
from grange.core.records import HostErrors, RunRecord
from grange.core.state import FarmState
from grange.doors.afanasy.numbers import shown_job
from grange.model.unreadable import UNREADABLE
from grange.model.views import AuditView, StoryLine

FARM: Final = "afanasy"  # who did what nobody asked for


class _Changed(msgspec.Struct):
    """A field of a node that was set otherwise."""

    field: str
    before: Any
    after: Any


class _Details(msgspec.Struct):
    """What the audit knows of a command."""

    command: dict[str, Any]
    changed: list[_Changed] = []


def stamp(at: float) -> str:
    """A time as it stands before a line: `Fri 20 Nov 18:21.33`."""
    return time.strftime("%a %d %b %H:%M.%S", time.localtime(at))


def of_node(kind: str, name: str, found: Iterable[StoryLine]) -> list[str]:
    """Lines of a node's log."""
    return [f"{stamp(item.at)}: {item.by or FARM}: {kind}: {name}: {item.text}" for item in found]


def of_task(found: Iterable[StoryLine]) -> str:
    """The log of a task."""
    return "\n".join(f"{stamp(item.at)}: {item.by or FARM}: {item.text}" for item in found)


def of_audit(found: Iterable[AuditView]) -> list[StoryLine]:
    """What people did to a node, the oldest first."""
    return [
        StoryLine(at=item.at, text=f"{item.action} {_done(item.details)}", by=item.user)
        for item in sorted(found, key=lambda item: item.audit_id)
    ]


def _done(details: str) -> str:
    """What a command changed, or else what it said."""
    try:
        said = msgspec.json.decode(details, type=_Details)
    except UNREADABLE:
        return details  # of a command that is too long to be kept
    if said.changed:
        texts = (f"{one.field}: {_text(one.before)} -> {_text(one.after)}" for one in said.changed)
        return ", ".join(texts)
    return _text({name: value for name, value in said.command.items() if name != "type"})


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def error_hosts(job: Job) -> list[str]:
    """Which hosts a job's blocks and tasks had errors on."""
    found = []
    for block in job.blocks:
        found.append(f"Block['{block.spec.name}'] error hosts:")
        found += _hosts(block.error_hosts)
        for task in sorted(block.task_errors):
            found.append(f"Task[{task}] error hosts: ")
            found += _hosts(block.task_errors[task])
    return found


def task_error_hosts(block: Block, task: int) -> str:
    """Which hosts a task had errors on."""
    return "\n".join(_hosts(block.task_errors.get(task, {})))


def _hosts(errors: dict[str, HostErrors]) -> list[str]:
    return [f"{host}: {item.count} at {stamp(item.last)}" for host, item in errors.items()]


def tasks_log(state: FarmState, records: Iterable[RunRecord]) -> list[str]:
    """Starts and ends of a render's runs, the oldest first."""
    found: list[tuple[float, bool, str]] = []
    for record in records:
        what = _run_name(state, record)
        begun = f"{stamp(record.started)} : Starting task: {what}"
        found.append((record.started, True, begun))
        if record.result is not None:
            ended = f"{stamp(record.ended)} : Finished task: {what}"
            found.append((record.ended, False, ended))  # room for the next one, at one moment
    return [text for _, _, text in sorted(found, key=lambda item: item[:2])]


def _run_name(state: FarmState, record: RunRecord) -> str:
    job = state.jobs.get(record.job_id)
    if job is None or record.block >= len(job.blocks):
        return f"[job {shown_job(record.job_id)} is deleted][{record.block}][{record.task}]"
    block = job.blocks[record.block]
    spec = block.spec
    kind = f"[{spec.service}({spec.parser}):{record.capacity}]"
    return f"{kind} {job.user}: {job.spec.name}[{spec.name}][{block.task_name(record.task)}]"
