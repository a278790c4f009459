"""Render nodes while the farm is busy, stops, or changes its mind in between."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grange.core import commands as c
from grange.core.effects import StartRun, StopRun
from grange.core.errors import NoSuchWorker
from grange.doors.afanasy.binary import messages
from grange.doors.afanasy.binary.primitives import Broken
from grange.doors.afanasy.binary.types import Kind
from grange.doors.afanasy.framing import Binary
from grange.doors.afanasy.renders.machine import ZOMBIE_S
from grange.doors.afanasy.renders.renders import UNKNOWN
from grange.doors.afanasy.shapes.task import TaskExec
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.states import Presence
from tests.build import DONE, READY, RUNNING, block, job
from tests.doors.afanasy.afrender import DONE as OVER
from tests.doors.afanasy.afrender import Afrender, Farmyard, far, farmyard, read

PATIENCE_S = 20.0


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Farmyard]:
    with farmyard(tmp_path) as found:
        yield found


@pytest.fixture
def render(yard: Farmyard) -> Afrender:
    """A node that has registered."""
    node = Afrender(yard)
    node.register()
    return node


def begun(yard: Farmyard, render: Afrender) -> tuple[int, TaskExec]:
    """A job of one task, which the node was given."""
    number = yard.submit(job(block("1")))
    return number, render.given()


class Held:
    """Commits that wait for a word."""

    def __init__(self, yard: Farmyard) -> None:
        self.begun = asyncio.Semaphore(0)
        self.may = asyncio.Event()
        self._commit = yard.engine._commit
        yard.engine._commit = self.commit

    async def commit(self, *what: Any) -> None:
        self.begun.release()
        await self.may.wait()
        await self._commit(*what)


def test_two_renders_of_one_name_at_once_do_not_both_come(yard: Farmyard) -> None:
    async def both() -> list[Any]:
        held = Held(yard)
        tasks = []
        for launched in (1, 2):
            node = Afrender(yard, launched=launched)
            data = messages.encode(Kind.RENDER_REGISTER, node.comes)
            tasks.append(asyncio.get_running_loop().create_task(node.asking(data)))
        await held.begun.acquire()
        held.may.set()
        return await asyncio.gather(*tasks)

    came, waits = yard.wait(both())
    assert (read(came).id, waits) == (1, b"")


def test_a_render_that_became_a_zombie_while_its_word_was_booked_is_to_register(
    yard: Farmyard, render: Afrender
) -> None:
    number, order = begun(yard, render)

    async def late() -> Any:
        held = Held(yard)
        said = render.update(far(order, OVER))
        asking = asyncio.get_running_loop().create_task(render.asking(said))
        await held.begun.acquire()
        yard.at += ZOMBIE_S + 1
        looking = asyncio.get_running_loop().create_task(yard.renders.look())
        await asyncio.sleep(0)
        held.may.set()
        await looking
        return read(await asking)

    assert yard.wait(late()) == UNKNOWN
    assert (yard.states(number), yard.presence()) == ([DONE], Presence.OFFLINE)


def test_a_server_that_stops_books_nothing_and_is_told_again(
    yard: Farmyard, render: Afrender
) -> None:
    number, order = begun(yard, render)
    yard.engine._ended.set()
    assert render.poll(far(order, OVER)) == render.id
    assert render.leave() == b""
    assert yard.states(number) == [RUNNING]


def test_a_render_whose_coming_failed_is_as_it_was(yard: Farmyard, render: Afrender) -> None:
    number, order = begun(yard, render)
    yard.engine._ended.set()
    node = Afrender(yard)
    assert node.waits()
    yard.engine._ended.clear()
    assert render.told(far(order, OVER)).closes
    assert yard.states(number) == [DONE]


def test_what_was_decided_while_a_coming_failed_is_told_later(
    yard: Farmyard, render: Afrender, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard.submit(job(block("1")))
    start = next(item for item in yard.effects if isinstance(item, StartRun))
    old = yard.renders._renders[WorkerId(1)]
    old.stop(start.run.run_id)

    async def refuse(*_: Any) -> Any:
        yard.renders.perform([start])
        raise NoSuchWorker("it was deleted")

    with monkeypatch.context() as patch:
        patch.setattr(yard.engine, "do", refuse)
        Afrender(yard).register()
    assert render.given().number == start.run.run_id


def test_a_worker_that_is_deleted_while_it_speaks_is_to_register(
    yard: Farmyard, render: Afrender, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: Any) -> Any:
        raise NoSuchWorker("it was deleted")

    monkeypatch.setattr(yard.engine, "do", refuse)
    assert render.poll(host_resources=render.comes.host_resources) == UNKNOWN


def test_a_run_that_is_over_before_its_node_is_known_is_not_given(
    yard: Farmyard, render: Afrender
) -> None:
    number, order = begun(yard, render)
    start = next(item for item in yard.effects if isinstance(item, StartRun))
    render.told(far(order, OVER))
    yard.renders.perform([start])
    assert render.poll() == render.id
    assert yard.states(number) == [DONE]


def test_a_run_that_the_door_has_lost_count_of_goes_on(yard: Farmyard, render: Afrender) -> None:
    number, order = begun(yard, render)
    yard.renders._renders[WorkerId(1)].held.clear()
    yard.renders.perform([StopRun(WorkerId(1), RunId(order.number), "it is not known")])
    assert render.told(far(order)).outputs == (far(order).pos,)
    render.told(far(order, OVER))
    assert yard.states(number) == [DONE]


def test_a_deleted_job_is_stopped_on_its_render(yard: Farmyard, render: Afrender) -> None:
    number, order = begun(yard, render)
    yard.do(c.DeleteJob(job_id=JobId(number - 1)))
    assert render.told().stops == (far(order).pos,)
    assert not yard.has_job(number)


def test_what_no_render_says_is_refused(yard: Farmyard) -> None:
    request = Binary(Kind.MONITOR, 0, b"")
    with pytest.raises(Broken, match="MONITOR is no message of a render"):
        yard.wait(yard.renders.answer(request, yard.caller()))


def test_the_door_looks_for_zombies_by_itself(
    yard: Farmyard, render: Afrender, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, _ = begun(yard, render)
    monkeypatch.setattr("grange.doors.afanasy.renders.renders.LOOK_S", 0.0)

    async def watch() -> None:
        looking = asyncio.get_running_loop().create_task(yard.renders.run())
        yard.at += ZOMBIE_S + 1
        async with asyncio.timeout(PATIENCE_S):
            while yard.presence() is Presence.ONLINE:  # noqa: ASYNC110 (a turn of the loop)
                await asyncio.sleep(0)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)

    yard.wait(watch())
    assert yard.states(number) == [READY]
