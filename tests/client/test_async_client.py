from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

import pytest

from grange.client import AsyncClient, JobDeleted, JobFailed, NotFound, Unreachable, WaitTimedOut
from grange.model.states import JobState, TaskState
from tests.client import build
from tests.client.recorded import Answer, RecordedServer

T = TypeVar("T")
BUSY = Answer(503, b'{"error":{"code":"server-busy","message":"too much waits"}}')


def with_farm(server: RecordedServer, use: Callable[[AsyncClient], Awaitable[T]]) -> T:
    async def main() -> T:
        async with AsyncClient(server.url, "secret", patience_s=0.5) as farm:
            return await use(farm)

    return asyncio.run(main())


def test_submitting_gives_the_job(server: RecordedServer) -> None:
    server.answer("POST /jobs", BUSY, {"job_id": 12, "again": False})
    server.answer("GET /jobs/12", build.detail())
    job = with_farm(server, lambda farm: farm.submit(build.JOB))
    assert (job.id, job.state) == (12, JobState.RUNNING)
    first, second = [seen.headers["idempotency-key"] for seen in server.seen[:2]]
    assert first == second


def test_waiting_ends_when_the_job_is_done(server: RecordedServer) -> None:
    async def use(farm: AsyncClient) -> JobState:
        return (await (await farm.job(12)).wait()).state

    server.answer("GET /jobs/12", build.detail())
    server.watch([build.snapshot(jobs=(build.job_view(),))], [build.patch(jobs=(build.done(),))])
    assert with_farm(server, use) is JobState.DONE
    assert [want.after for want in server.watched] == [0, 1]


async def wait(farm: AsyncClient, timeout_s: float | None = None) -> None:
    await (await farm.job(12)).wait(timeout_s)


def test_waiting_for_a_job_that_fails_raises(server: RecordedServer) -> None:
    server.answer("GET /jobs/12", build.detail())
    server.watch([build.snapshot(jobs=(build.failed(),))])
    with pytest.raises(JobFailed):
        with_farm(server, wait)


def test_waiting_for_a_job_that_is_deleted_raises(server: RecordedServer) -> None:
    server.answer("GET /jobs/12", build.detail())
    server.watch([build.patch(jobs_gone=(12,))])
    with pytest.raises(JobDeleted):
        with_farm(server, wait)


def test_waiting_ends_with_its_time(server: RecordedServer) -> None:
    server.answer("GET /jobs/12", build.detail())
    server.watch([build.snapshot(jobs=(build.job_view(),))])
    with pytest.raises(WaitTimedOut, match=r"job 12 was not finished in 0\.05 s"):
        with_farm(server, lambda farm: wait(farm, 0.05))


def test_an_old_job_that_was_deleted_is_told(server: RecordedServer) -> None:
    async def use(farm: AsyncClient) -> None:
        job = await farm.job(12)
        server.refuse("GET /jobs/12", 404, "no-such-job", "no job 12")
        await job.wait()

    server.answer("GET /jobs/12", build.detail())
    server.watch([build.snapshot()])
    with pytest.raises(JobDeleted):
        with_farm(server, use)


def test_a_log_is_followed_from_before_its_first_run(server: RecordedServer) -> None:
    async def use(farm: AsyncClient) -> list[str]:
        task = (await farm.job(12)).task(0, 0)
        async with aclosing(task.follow()) as texts:
            return [text async for text in texts]

    empty = {"command": [], "working_directory": "", "files": [], "runs": []}
    server.answer("GET /jobs/12", build.detail())
    server.answer("GET /jobs/12/blocks/0/tasks/0", {"task": build.task_view(run_id=40)} | empty)
    server.answer("GET /runs/40", build.run_view(), build.run_view(ended=970.0))
    server.answer("GET /runs/40/log", b"one\n", Answer(206, b"two\n"))
    ended = build.task_view(0, TaskState.DONE, run_id=40)
    server.watch([build.snapshot()], [build.snapshot(), build.patch(tasks=(ended,))])
    assert with_farm(server, use) == ["one\n", "two\n"]


def test_a_job_is_steered_and_looked_at(server: RecordedServer) -> None:
    async def use(farm: AsyncClient) -> tuple[int, str, bool]:
        job = (await farm.jobs())[0]
        changed = await job.restart(0, "1-2")
        await job.pause()
        return changed, await job.task(0, 7).log(), job.finished

    server.answer("GET /jobs", {"jobs": [build.job_view()]})
    server.answer("POST /jobs/12/tasks", {"changed": 2})
    server.answer("POST /jobs/12/pause", build.job_view(state=JobState.PAUSED))
    server.answer("GET /jobs/12/blocks/0/tasks/7/log", b"text")
    assert with_farm(server, use) == (2, "text", False)


def test_a_refusal_has_its_class(server: RecordedServer) -> None:
    server.refuse("GET /jobs/12", 404, "no-such-job", "no job 12")
    with pytest.raises(NotFound, match="no job 12"):
        with_farm(server, lambda farm: farm.job(12))


def test_a_server_that_is_gone_is_unreachable() -> None:
    with RecordedServer() as server:
        pass
    with pytest.raises(Unreachable):
        with_farm(server, lambda farm: farm.summary())
