"""Which job, subjob and task a key of the dictionary means, and the other way round.

A name is a key as long as it is the first of its kind; what has the same name again, or a
name that XML cannot carry, gets its number behind it, and says its own name besides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from grange.core.objects import Block, Job
from grange.core.state import FarmState
from grange.doors.pyfarm.dictionary import FrameKey, frame_key
from grange.doors.pyfarm.xml_out import NOT_ATTRIBUTE
from grange.model.frames import FrameRange

_RANGE: Final = re.compile(r"(-?[0-9]{1,10})-")


def _clean(name: str) -> str:
    return NOT_ATTRIBUTE.sub("\N{REPLACEMENT CHARACTER}", name)


def job_key(state: FarmState, job: Job) -> str:
    """The key of a job. Cost: O(jobs of its name)."""
    name = job.spec.name
    key = _clean(name)
    if key == name and job.job_id == min(state.names[name]):
        return key
    key = f"{key}#{job.job_id}"
    while key in state.names:
        key = f"{key}#{job.job_id}"
    return key


def find_job(state: FarmState, key: str) -> Job | None:
    """The job of a key."""
    named = state.names.get(key)
    if named and _clean(key) == key:
        return state.jobs[min(named)]
    number = key.rpartition("#")[2]
    if not (number.isascii() and number.isdecimal() and len(number) < 20):
        return None
    job = next((state.jobs[at] for at in state.jobs.keys() & {int(number)}), None)
    return job if job is not None and job_key(state, job) == key else None


def subjobs(job: Job) -> dict[str, Block]:
    """The blocks of a job by their keys. Cost: O(blocks)."""
    found: dict[str, Block] = {}
    again: list[Block] = []
    for block in job.blocks:
        name = block.spec.name
        if _clean(name) != name or found.setdefault(name, block) is not block:
            again.append(block)
    for block in again:
        key = f"{_clean(block.spec.name)}#{block.number}"
        while key in found:
            key = f"{key}#{block.number}"
        found[key] = block
    return dict(sorted(found.items(), key=lambda item: item[1].number))


class FrameKeys:
    """The tasks of a block by the keys of their frames.

    A task of one frame has its number, one of more a text such as `1-5` or `1-9x2`; a named
    task has its name, as a number where it is one.
    """

    def __init__(self, block: Block) -> None:
        self._block = block
        self._space = block.space
        self._keys: list[FrameKey] = []  # of named tasks
        self._tasks: dict[FrameKey, int] = {}
        if not self._space.ranges:
            for task in range(self._space.size):
                key = self._named(task)
                self._keys.append(key)
                self._tasks[key] = task

    def _named(self, task: int) -> FrameKey:
        text = _clean(self._block.task_name(task))
        key = frame_key(text)
        while key in self._tasks:
            text = f"{text}#{task}"
            key = text
        return key

    def key(self, task: int) -> FrameKey:
        """The key of a task."""
        if self._keys:
            return self._keys[task]
        item = self._space[task]
        if item.first == item.last:
            return item.first
        return str(FrameRange(item.first, item.last, item.inc))

    def task(self, key: FrameKey) -> int | None:
        """The task of a key."""
        if self._keys:
            return self._tasks.get(key)
        if isinstance(key, str):
            found = _RANGE.match(key)
            if found is None:
                return None
            first = int(found[1])
        else:
            first = key
        for low, high in self._space.overlapping(first, first):
            for task in range(low, high + 1):
                if self.key(task) == key:
                    return task
        return None

    def order(self) -> Sequence[int]:
        """The tasks as their frames are shown: numbers in order, names as they were given."""
        tasks = range(self._space.size)
        if all(one.last < next_.first for one, next_ in pairwise(self._space.ranges)):
            return tasks
        return sorted(tasks, key=lambda task: self._space[task].first)
