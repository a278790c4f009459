"""The dictionary in a script's hands: `Client().pyfarm_jobs()` and its twin."""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from grange.client import ApiError, AsyncClient, Client
from grange.client.async_pyfarm import AsyncPyFarmDict
from grange.client.pyfarm import PyFarmDict
from grange.model.run import Progress
from grange.wire import worker as wire
from tests.doors.native.asking import linked
from tests.doors.native.served import Served
from tests.doors.pyfarm.vectors import VECTORS, seed

NUMBER = itertools.count(1)


@pytest.fixture
def client(farm: Served) -> Iterator[Client]:
    with Client(farm.listener.url, farm.admin) as found:
        yield found


@pytest.fixture
def jobs(client: Client) -> PyFarmDict:
    return client.pyfarm_jobs()


@pytest.fixture
def name(jobs: PyFarmDict) -> str:
    """A job that is the seed's example."""
    found = f"Queue{next(NUMBER)}"
    jobs[found] = seed()["Job1"]
    return found


def test_the_loop_of_the_seed_prints_of_the_live_farm_what_the_seed_shows(
    farm: Served, jobs: PyFarmDict, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs["Job1"] = seed()["Job1"] | {"priority": 255}
    assert jobs["Job1"]["subjobs"]["sub1"]["frames"][2]["status"] == "Waiting"
    with linked(farm, "render02") as worker:
        run_id = worker.until(wire.Start).run.run_id
        worker.send(wire.Beat(number=1, progress=(Progress(run_id=run_id, pid=8243),)))
        worker.until(wire.BeatAck)
        worker.log(run_id, b"This is the first line in the log\nThis is the second")
        frames = jobs["Job1"]["subjobs"]["sub1"]["frames"]
        for frame in frames.keys():  # noqa: SIM118 (the seed's own words)
            thisFrame = frames[frame]  # noqa: N806 (the seed's own word)
            print("Frame %i:\n\tStatus: %s\n\tHost: %s\n\tPID: %i\n\tCommand: %s\n\tLog: %s" % \
            (frame, thisFrame["status"], thisFrame["host"], thisFrame["pid"], thisFrame["command"], thisFrame["stdout"].split('\n')))  # fmt: skip  # noqa: E501, UP031
    assert capsys.readouterr().out == VECTORS["seed_printed"]


def test_reading_goes_key_by_key(jobs: PyFarmDict, name: str) -> None:
    job = jobs[name]
    assert job["status"] == "Rendering"
    assert dict(job["frames"]) == {"complete": 1, "total": 3, "failed": 1}
    assert list(job["subjobs"]) == ["sub1"]
    frames = job["subjobs"]["sub1"]["frames"]
    assert list(frames) == [1, 2, 3]
    assert len(frames) == 3
    assert 3 in frames
    assert 4 not in frames
    assert frames[3]["pid"] == 10_124
    assert frames[3]["result"]["status"] == "done"
    assert name in jobs
    assert repr(frames[3]) == f"<the farm's jobs[{name!r}]['subjobs']['sub1']['frames'][3]>"


def test_a_snapshot_is_plain_and_whole(jobs: PyFarmDict, name: str) -> None:
    found = jobs[name].snapshot()
    assert type(found) is dict
    assert found["subjobs"]["sub1"]["frames"][1]["status"] == "Failed"
    assert jobs[name]["subjobs"]["sub1"]["frames"][1].snapshot(stdout="none")["stdout"] is None
    assert jobs[name] == found
    assert jobs[name] != {}
    assert jobs[name] != 5


def test_it_is_live(jobs: PyFarmDict, name: str) -> None:
    job = jobs[name]
    frame = job["subjobs"]["sub1"]["frames"][1]
    frame["status"] = "Waiting"
    assert frame["status"] == "Waiting"
    assert job["frames"]["failed"] == 0
    job["status"] = "Paused"
    assert jobs[name]["status"] == "Paused"
    job["subjobs"]["sub1"]["frames"][4] = {"command": "render 4"}
    assert job["frames"]["total"] == 4


def test_a_job_may_be_copied_and_deleted(jobs: PyFarmDict, name: str) -> None:
    copy = f"{name} again"
    jobs[copy] = {"subjobs": {"s": {"frames": {1: {"command": "true"}}}}}
    jobs[f"{copy}!"] = jobs[copy]
    assert jobs[f"{copy}!"]["subjobs"]["s"]["frames"][1]["command"] == "true"
    del jobs[copy]
    assert copy not in jobs
    with pytest.raises(KeyError):
        del jobs[copy]
    with pytest.raises(TypeError, match="only whole jobs can be deleted"):
        del jobs[name]["subjobs"]


def test_what_cannot_be_set_says_why(jobs: PyFarmDict, name: str) -> None:
    with pytest.raises(ApiError, match="the farm itself says what renders"):
        jobs[name]["status"] = "Rendering"
    with pytest.raises(ApiError, match="counts are made from the frames"):
        jobs[name]["frames"]["total"] = 5
    with pytest.raises(ApiError, match=f"there is a job '{name}' already"):
        jobs[name] = seed()["Job1"]
    with pytest.raises(ApiError, match="a frame needs a command"):
        jobs["new"] = {"subjobs": {"s": {"frames": {1: {}}}}}


@pytest.mark.parametrize(
    "path",
    [
        ("none",),
        ("none", "status"),
        ("Job", "none"),
        ("Job", "subjobs", "none"),
        ("Job", "subjobs", "sub1", "frames", 9),
        ("Job", "subjobs", "sub1", "frames", 1, "none"),
    ],
)
def test_what_is_not_there_is_a_key_error(
    jobs: PyFarmDict, name: str, path: tuple[str | int, ...]
) -> None:
    keys = [name if key == "Job" else key for key in path]
    with pytest.raises(KeyError):
        functools.reduce(lambda found, key: found[key], keys, jobs)


Asking = Callable[[AsyncPyFarmDict], Awaitable[Any]]


@pytest.fixture
def ask(farm: Served) -> Callable[[Asking], Any]:
    """Does something with the dictionary of a program with an event loop."""

    async def main(asking: Asking) -> Any:
        async with AsyncClient(farm.listener.url, farm.admin) as client:
            return await asking(client.pyfarm_jobs())

    return lambda asking: asyncio.run(main(asking))


def test_a_program_with_an_event_loop_reads_and_sets(
    ask: Callable[[Asking], Any], name: str
) -> None:
    async def asking(jobs: AsyncPyFarmDict) -> None:
        assert name in await jobs.keys()
        frames = jobs[name]["subjobs"]["sub1"]["frames"]
        assert await frames.keys() == [1, 2, 3]
        assert (await frames[3].read())["host"] == "render03"
        assert await frames[3]["stdout"].read(stdout="none") is None
        assert (await jobs.read())[name]["status"] == "Rendering"
        await jobs[name]["status"].set("Paused")
        assert await jobs[name]["status"].read() == "Paused"
        with pytest.raises(ApiError, match="a frame fails by itself"):
            await frames[3]["status"].set("Failed")
        assert repr(frames[3]) == f"<the farm's jobs[{name!r}]['subjobs']['sub1']['frames'][3]>"

    ask(asking)


def test_a_program_with_an_event_loop_makes_and_deletes_jobs(
    ask: Callable[[Asking], Any], name: str
) -> None:
    async def asking(jobs: AsyncPyFarmDict) -> None:
        copy = jobs[f"{name} again"]
        await copy.set({"subjobs": {"s": {"frames": {1: {"command": "true"}}}}})
        assert await copy["status"].read() == "Waiting"
        await copy.delete()
        for gone in (copy.delete, copy.read, copy.keys):
            with pytest.raises(KeyError):
                await gone()
        with pytest.raises(TypeError, match="only whole jobs can be deleted"):
            await copy["subjobs"].delete()

    ask(asking)
