"""The reading statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from grange.store.rows import key
from grange.store.schema import AUDIT, NOTES, OPEN_RUNS, RUNS

Query = Select[Any]

IDS_MAX: Final = 500  # values in one list of a statement


def open_runs() -> Query:
    """Runs without a result, oldest first."""
    where = OPEN_RUNS.dialect_options["sqlite"]["where"]
    return select(RUNS).where(where).order_by(RUNS.c.run_id)


def runs_of(
    job_id: int, block: int | None, task: int | None, limit: int, before_run_id: int | None
) -> Query:
    """Runs of a job, block or task, newest first. Cost: O(runs of the job or block)."""
    where = [RUNS.c.job_id == job_id]
    if block is None:
        return _newest(where, limit, before_run_id, sort=True)
    where.append(RUNS.c.block == block)
    if task is None:
        return _newest(where, limit, before_run_id, sort=True)
    where.append(RUNS.c.task == task)
    return _newest(where, limit, before_run_id, sort=False)


def runs_of_worker(worker_id: int, limit: int, before_run_id: int | None) -> Query:
    """Runs of a worker, newest first."""
    return _newest([RUNS.c.worker_id == worker_id], limit, before_run_id, sort=False)


def _newest(
    where: list[ColumnElement[bool]], limit: int, before_run_id: int | None, *, sort: bool
) -> Query:
    """Choose the numbers first, from an index alone, and read only these runs.

    `sort` keeps PostgreSQL from going through the runs of all jobs, newest first, until it
    has found enough of this one: the job may be old.
    """
    if before_run_id is not None:
        where = [*where, RUNS.c.run_id < before_run_id]
    order = RUNS.c.run_id + 0 if sort else RUNS.c.run_id
    chosen = select(RUNS.c.run_id).where(*where).order_by(order.desc()).limit(limit)
    return select(RUNS).where(RUNS.c.run_id.in_(chosen)).order_by(RUNS.c.run_id.desc())


def notes_of(job_id: int, block: int | None, task: int | None, limit: int) -> Query:
    """Notes of a job, block or task, newest first."""
    query = select(NOTES).where(NOTES.c.job_id == job_id)
    if block is not None:
        inside = NOTES.c.block == block
        if task is not None:
            last = func.coalesce(NOTES.c.last, NOTES.c.first)
            holds = and_(NOTES.c.first <= task, last >= task)
            inside = and_(inside, or_(NOTES.c.first.is_(None), holds))
        query = query.where(or_(NOTES.c.block.is_(None), inside))
    return query.order_by(NOTES.c.note_id.desc()).limit(limit)


def audit_by(limit: int, before: int | None, user: str | None, target: str | None) -> Query:
    """What was asked, newest first."""
    query = select(AUDIT)
    if before is not None:
        query = query.where(AUDIT.c.audit_id < before)
    if user is not None:
        query = query.where(AUDIT.c.user_name == key(user))
    if target is not None:
        query = query.where(AUDIT.c.target == key(target))
    return query.order_by(AUDIT.c.audit_id.desc()).limit(limit)


def runs_in(run_ids: Sequence[int]) -> Query:
    """Runs of some ids, at most `IDS_MAX`."""
    return select(RUNS).where(RUNS.c.run_id.in_(run_ids))
