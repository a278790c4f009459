"""The whole: `grange up`, and what users and scripts then do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest

from grange import Block, Job
from grange.client import AsyncClient, Client, JobFailed
from grange.client.places import Place, find
from grange.model.states import JobState
from tests.cli.terminals import farm_of, run

pytestmark = pytest.mark.slow
ECHO = Job(name="echo", blocks=(Block(frames="1-3", command=("echo", "frame", "@#@")),))


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with farm_of(tmp_path_factory.mktemp("farm") / "state") as environment:
        yield environment


@pytest.fixture
def place(farm: dict[str, str]) -> Place:
    return find(environment=farm)


def test_a_command_is_rendered_and_its_log_is_read(farm: dict[str, str]) -> None:
    words = ["submit", "-q", "--wait", "-f", "1-4", "--", "echo", "frame {frame:04}"]
    ended = run(words, farm)
    assert ended.status == 0, ended.err
    number = ended.out.split()[0]
    assert run(["log", f"{number}/0/3"], farm).out == "frame 0004\n"


def test_a_command_that_fails_ends_with_1(farm: dict[str, str]) -> None:
    words = ["submit", "--wait", "--retries", "0", "--", "false"]
    ended = run(words, farm)
    assert ended.status == 1
    assert "0 of 1 task done, 1 failed" in ended.out


LISTS = ("status", "jobs", "workers", "users", "pools", "branches", "audit", "doctor", "version")


@pytest.mark.parametrize("words", [*LISTS, "token list", "join-code"])
def test_every_list_is_one_document(farm: dict[str, str], words: str) -> None:
    ended = run([*words.split(), "--json"], farm)
    assert (ended.status, ended.err) == (0, "")
    assert json.loads(ended.out)


def test_a_dry_run_is_checked_by_the_server(farm: dict[str, str]) -> None:
    ended = run(["submit", "--dry-run", "-f", "1-2", "--service", "abacus", "--", "a"], farm)
    assert ended.status == 1
    assert "there is no service 'abacus'" in ended.err


def test_a_script_submits_waits_and_reads(place: Place) -> None:
    with Client(place.url, place.token) as client:
        job = client.submit(ECHO)
        assert [view.state for view in job.watch()][-1] is JobState.DONE
        assert job.task(0, 2).log() == "frame 3\n"
        assert "".join(job.task(0, 1).follow()) == "frame 2\n"
        assert job.story()


def test_a_script_learns_that_its_job_failed(place: Place) -> None:
    block = Block(frames="1", command=("false",), errors_retries=0)
    with Client(place.url, place.token) as client, pytest.raises(JobFailed):
        client.submit(Job(name="bad", blocks=(block,))).wait(timeout_s=60)


def test_the_same_submission_is_one_job(place: Place) -> None:
    with Client(place.url, place.token) as client:
        first, second = (client.submit(ECHO, token="the same") for _ in range(2))
    assert first.id == second.id


def test_a_program_with_a_loop_does_the_same(place: Place) -> None:
    async def main() -> str:
        async with AsyncClient(place.url, place.token) as client:
            job = await client.submit(ECHO)
            await job.wait(timeout_s=60)
            return await job.task(0, 0).log()

    assert asyncio.run(main()) == "frame 1\n"


def test_a_job_is_edited_paused_and_deleted(place: Place) -> None:
    with Client(place.url, place.token) as client:
        job = client.submit(Job(name="held", blocks=ECHO.blocks, paused=True))
        assert job.edit(priority=5).spec.priority == 5
        job.resume()
        assert job.wait(timeout_s=60).state is JobState.DONE
        job.delete()
        assert job.id not in [item.id for item in client.jobs()]
