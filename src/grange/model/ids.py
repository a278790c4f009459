"""Identifiers. Positive integers, allotted by the core, never reused."""

from __future__ import annotations

from typing import Final, NewType

JobId = NewType("JobId", int)
BlockNo = NewType("BlockNo", int)  # position of a block in its job, from 0
TaskNo = NewType("TaskNo", int)  # position of a task in its block, from 0
RunId = NewType("RunId", int)  # grows with every start: the fence against late reports
WorkerId = NewType("WorkerId", int)

AFANASYS_OWN: Final = 1  # to Afanasy's clients this job is the server's own: no ETA, no outputs


def afanasys_job(job_id: int) -> int:
    """The number under which Afanasy's programs know a job, whoever runs it."""
    return job_id + AFANASYS_OWN


def task_path(job_id: int, block: int, task: int) -> str:
    """Name a task as people type it: `job/block/task`."""
    return f"{job_id}/{block}/{task}"
