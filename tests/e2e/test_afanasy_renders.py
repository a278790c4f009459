"""A render node of Afanasy, over a real socket, serves a server that is killed."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from msgspec.structs import replace

from grange.doors.afanasy.binary import messages, types
from grange.doors.afanasy.binary.types import HEADER_BYTES, Kind, header
from grange.doors.afanasy.renders.render import position
from grange.doors.afanasy.renders.renders import UNKNOWN
from grange.doors.afanasy.shapes.task import TaskExec
from grange.doors.afanasy.shapes.traffic import RenderEvents, RenderUpdate, TaskUpdate
from grange.model.spec import BlockSpec, JobSpec
from grange.model.states import JobState, TaskState
from tests.doors.afanasy.afrender import COMES, DONE, far
from tests.e2e.conftest import NewFarm
from tests.e2e.farms import PATIENCE_S, eventually, free_port

pytestmark = [pytest.mark.slow, pytest.mark.crash]

NAME = "r1"


class Node:
    """A render node, each of whose messages is a connection of its own.

    Args:
        port: of the server's door.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.id = 0
        self.running: list[TaskExec] = []

    def say(self, data: bytes) -> Any:
        """What is answered: a shape, or a number; nothing where none is there."""
        try:
            with socket.create_connection(("127.0.0.1", self._port), PATIENCE_S) as wire:
                wire.sendall(data)
                said = b"".join(iter(lambda: wire.recv(65_536), b""))
        except ConnectionError:
            return None
        if not said:
            return None
        head = header(said[:HEADER_BYTES])
        body = said[HEADER_BYTES:]
        return head.value if head.kind.holds_number else messages.decode(head.kind, body)

    def register(self) -> RenderEvents:
        """Come, with what runs."""
        comes = replace(COMES, name=NAME, tasks=tuple(self.running))
        told = self.say(messages.encode(Kind.RENDER_REGISTER, comes))
        assert isinstance(told, RenderEvents), told
        self.id = told.id
        self.running += told.tasks
        return told

    def poll(self, *tasks: TaskUpdate) -> Any:
        """Say how it is."""
        said = RenderUpdate(id=self.id, tasks=tasks)
        told = self.say(messages.encode(Kind.RENDER_UPDATE, said))
        if isinstance(told, RenderEvents):
            self.running += told.tasks
        return told

    def has(self, count: int) -> bool:
        """Whether it was given so many tasks by now."""
        self.poll(*map(far, self.running))
        return len(self.running) >= count


def test_a_render_node_finishes_its_tasks_though_the_server_was_killed(new_farm: NewFarm) -> None:
    port = free_port()
    farm = new_farm(afanasy_port=port)
    node = Node(port)
    assert node.register().id > 0
    with farm.client() as client:
        spec = BlockSpec(command="render @#@", frames="1-2", capacity=100)
        handle = client.submit(JobSpec(name="film", blocks=(spec,), hosts_mask=NAME))
        eventually(lambda: node.has(2), "both tasks are given")
        first, second = node.running
        assert node.poll(far(first, listened=b"one\n")) == node.id
        farm.kill()
        assert node.poll(far(first, DONE, data=b"one\ntwo\n")) is None
        farm.start()
        assert node.poll(far(first, DONE, data=b"one\ntwo\n")) == UNKNOWN
        told = node.register()
        assert (told.tasks, told.stops) == ((), ())
        for order, output in ((first, b"one\ntwo\n"), (second, b"three\n")):
            assert node.poll(far(order, DONE, data=output)).closes == (position(order),)
        done = handle.wait(timeout_s=PATIENCE_S)

        assert (done.state, done.tasks.done) == (JobState.DONE, 2)
        for number, text in enumerate(("one\ntwo\n", "three\n")):
            task = handle.task(0, number)
            (run,) = task.runs()
            assert (task.view().state, run.worker) == (TaskState.DONE, NAME)
            assert task.log(run.run_id) == text
    assert node.say(types.number(Kind.RENDER_DEREGISTER, node.id)) is None
