"""Histories written by hand, by seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos import history as h
from chaos.judge import judge
from chaos.verdicts.violation import Violation

DONE, READY, RUNNING, FAILED = 3, 1, 2, 4
HOME = "home1"
BEGUN, ENDED = "begun 1 of 1/0/0\n", "ended 1 of 1/0/0\n"  # the log of its first run


def at(seconds: float) -> int:
    """A point in time."""
    return int(seconds * 1e9)


def submitted(token: str = "job-1", job: int = 1, tasks: int = 1, **fields: Any) -> list[h.Entry]:
    """A job that was sent and acknowledged within the first second."""
    return [
        h.Submitting(at=at(0.1), token=token, tasks=(tasks,), **fields),
        h.Acked(at=at(0.2), token=token, job=job),
    ]


def ran(
    begun: float,
    over: float,
    *,
    run: int = 1,
    job: int = 1,
    task: int = 0,
    home: str = HOME,
    ended: bool = True,
    overlaps: bool = False,
) -> list[h.Entry]:
    """A process of a task that did its work, or was killed."""
    about = {"run": run, "job": job, "block": 0, "task": task, "pid": 1_000 + run}
    entries: list[h.Entry] = [
        h.Begun(at=at(begun), home=home, overlaps=overlaps, **about),
        h.Gone(at=at(over), run=run, pid=1_000 + run, seen=at(over)),
    ]
    if ended:
        entries.append(h.Ended(at=at(over), **about))
    return entries


def shown(second: float, *done: int, job: int = 1) -> h.Shown:
    """The server showed tasks as done."""
    return h.Shown(at=at(second), job=job, block=0, done=done)


def recorded(
    run: int = 1, status: str = "done", *, log: str | None = None, message: str = ""
) -> h.Recorded:
    """A run of the first task as the server has it in the end."""
    return h.Recorded(
        at=at(90),
        run=run,
        job=1,
        block=0,
        task=0,
        worker="w1",
        status=status,
        message=message,
        log=log,
    )


def ends(*states: int, job: int = 1) -> list[h.Entry]:
    """How the tasks of the first job stand in the end."""
    return [
        h.Listed(at=at(90), jobs=((job, f"job-{job}", "done"),)),
        h.States(at=at(90), job=job, block=0, states=states),
    ]


def good() -> list[h.Entry]:
    """A job of one task that was run once, and is done."""
    return [*submitted(), *ran(1, 2), shown(2.1, 0), *ends(DONE), recorded(log=BEGUN + ENDED)]


def verdict(*parts: h.Entry | Sequence[h.Entry]) -> set[str]:
    """The promises that a history breaks."""
    return {violation.promise for violation in found(*parts)}


def found(*parts: h.Entry | Sequence[h.Entry]) -> list[Violation]:
    """What a history breaks."""
    entries: list[h.Entry] = []
    for part in parts:
        entries += part if isinstance(part, Sequence) else [part]
    return judge(entries)
