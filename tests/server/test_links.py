"""Sessions with workers: what they are told, what of their word counts, when they are lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from grange.core import commands as c
from grange.core.check import faults
from grange.core.events import Event, WorkerTroubled
from grange.core.farm import Farm
from grange.core.records import Changes
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.run import Progress, Resources, RunResult
from grange.model.states import Nimby, Presence, RunStatus, TaskState
from grange.server import link as link_module
from grange.server import links as links_module
from grange.server.clocks import Clocks
from grange.server.engine import Engine
from grange.server.gauges import Gauges
from grange.server.links import Links
from grange.store.files import LogNotKept, Shelf
from grange.store.store import AuditRecord, CredentialRecord
from grange.wire import worker as wire
from grange.wire.codec import encode, pack, unpack_to_worker
from tests.build import DONE, READY, RUNNING, TRAITS, block, job, states

PATIENCE_S = 20.0
CLOCKS = Clocks(lease_s=60.0, worker_lease_s=48.0, heartbeat_s=2.0, resources_s=10.0)
ENDED_WELL = RunResult(status=RunStatus.DONE, duration_s=1.0)

M = TypeVar("M")


def credential(name: str = "", kind: Any = "worker") -> CredentialRecord:
    return CredentialRecord(
        credential_id="c",
        kind=kind,
        name=name,
        role="worker",
        secret_hash=b"",
        state="active",
        created=0,
    )


OWNER = credential("ada", "token")


class FakeSocket:
    """A worker's end: what it says comes in, what it is told stays here to be read."""

    def __init__(self) -> None:
        self._incoming: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._told: asyncio.Queue[wire.ToWorker | None] = asyncio.Queue()
        self.reads = asyncio.Event()  # cleared: the worker does not read
        self.reads.set()
        self.broken = False
        self.closed: tuple[int, str] | None = None
        self.frames: list[int] = []  # messages of each frame

    async def receive(self) -> bytes | None:
        return await self._incoming.get()

    async def send(self, data: bytes) -> None:
        await self.reads.wait()
        if self.broken:
            raise ConnectionResetError
        messages = unpack_to_worker(data)
        self.frames.append(len(messages))
        for message in messages:
            self._told.put_nowait(message)

    async def close(self, code: int, reason: str) -> None:
        if self.closed is None:
            self.closed = (code, reason)
            self._told.put_nowait(None)

    def say(self, message: wire.ToServer | bytes | None) -> None:
        """Say something; None hangs up."""
        data = message if message is None or isinstance(message, bytes) else encode(message)
        self._incoming.put_nowait(data)

    async def told(self, kind: type[M]) -> M:
        """The next message, which must be of a kind."""
        async with asyncio.timeout(PATIENCE_S):
            message = await self._told.get()
        assert isinstance(message, kind), message
        return message

    async def beat(self, number: int) -> wire.BeatAck:
        """Say that it lives; the answer."""
        self.say(wire.Beat(number=number))
        return await self.told(wire.BeatAck)

    async def end(self) -> tuple[int, str]:
        """Wait until the server closes; what it said last."""
        async with asyncio.timeout(PATIENCE_S):
            while await self._told.get() is not None:
                pass
        assert self.closed is not None
        return self.closed


class FullShelf(Shelf):
    """A shelf whose disk may be full."""

    full = False

    def append(self, job_id: int, run_id: int, offset: int, data: bytes) -> int:
        if self.full:
            raise LogNotKept("no space left on device")
        return super().append(job_id, run_id, offset, data)


class Shell:
    """An engine, links and a shelf, without a network."""

    def __init__(self, folder: Path, group: asyncio.TaskGroup) -> None:
        self.group = group
        self.now = 0.0  # monotonic
        self.farm = Farm()
        self.gauges = Gauges()
        self.shelf = FullShelf(folder)
        self.grew: list[tuple[int, int, int, bytes]] = []
        self.shown: list[tuple[int, int, str, bytes]] = []
        self.touched: list[WorkerId] = []
        self.audit: list[AuditRecord] = []
        self.published: list[Event] = []
        self.commit_gate = asyncio.Event()
        self.commit_gate.set()
        self.commits = asyncio.Semaphore(0)  # that have begun
        self.engine = Engine(
            self.farm,
            commit=self._commit,
            perform=lambda effects: self.links.perform(effects),
            publish=self._publish,
            clock=lambda: 1_000.0,
        )
        self.links = self.new_links()

    def new_links(self) -> Links:
        """What a new process of the server has of the links of the one before."""
        return Links(
            self.engine,
            self.gauges,
            self.shelf,
            log_grew=lambda *piece: self.grew.append(piece),
            show=lambda *picture: self.shown.append(picture),
            touched=self.touched.append,
            clocks=CLOCKS,
            monotonic=lambda: self.now,
        )

    async def _commit(self, changes: Changes, audit: Sequence[AuditRecord]) -> None:
        self.commits.release()
        await self.commit_gate.wait()
        self.audit += audit

    def _publish(self, events: Sequence[Event]) -> None:
        self.published += events
        self.gauges.forget(events)

    async def submit(self, frames: str = "1", **fields: Any) -> JobId:
        spec = job(block(frames, **{"capacity": 100, **fields}))
        reply = await self.engine.do(c.SubmitJob(spec=spec, user="ada"))
        assert isinstance(reply, c.Submitted)
        return reply.job_id

    def dial(
        self, first: wire.ToServer | bytes, who: CredentialRecord = OWNER
    ) -> tuple[FakeSocket, asyncio.Task[None]]:
        """A connection and its first message."""
        socket = FakeSocket()
        socket.say(first)
        return socket, self.group.create_task(self.links.serve(socket, who, "10.0.0.7"))

    async def join(self, name: str = "node", **fields: Any) -> FakeSocket:
        """A worker that was welcomed."""
        socket, _ = self.dial(hello(name, **fields))
        await socket.told(wire.Welcome)
        return socket

    async def started(self, frames: str = "1") -> tuple[FakeSocket, RunId]:
        """A worker that was given the one task of a job."""
        await self.submit(frames)
        socket = await self.join()
        start = await socket.told(wire.Start)
        return socket, start.run.run_id

    async def set_pool(self, **changes: Any) -> None:
        """A person sets something on the root pool."""
        await self.engine.do(c.EditPool(path="/", changes=changes))

    def states(self, job_id: int = 1) -> list[TaskState]:
        return states(self.farm, JobId(job_id))

    async def until(self, holds: Callable[[], object]) -> None:
        """Let the others work until something holds."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():  # noqa: ASYNC110 (a turn of the loop, not a wait)
                await asyncio.sleep(0)

    def presence(self, worker_id: int = 1) -> Presence:
        return self.farm.state.workers[WorkerId(worker_id)].presence


def hello(name: str = "node", boot: str = "b", **fields: Any) -> wire.Hello:
    fields.setdefault("version", wire.VERSION)
    return wire.Hello(name=name, boot_id=boot, traits=TRAITS, **fields)


Scenario = Callable[[Shell], Coroutine[None, None, None]]


@asynccontextmanager
async def shell_in(folder: Path) -> AsyncIterator[Shell]:
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as helpers:
        async with asyncio.TaskGroup() as group:
            shell = Shell(folder, group)
            engine = helpers.create_task(shell.engine.run())
            yield shell
            assert list(faults(shell.farm.state)) == []
            for link in list(shell.links._links.values()):
                link.gone.set()
        engine.cancel()
    shell.shelf.close()


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Scenario], None]:
    """Plays a scenario."""

    def play(scenario: Scenario) -> None:
        async def run() -> None:
            async with shell_in(tmp_path) as shell:
                await scenario(shell)

        asyncio.run(run())

    return play


Play = Callable[[Scenario], None]


# Joining


def test_a_worker_that_says_hello_is_welcomed_with_its_times(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, _ = shell.dial(hello())
        welcome = await socket.told(wire.Welcome)
        assert welcome == wire.Welcome(
            version=wire.VERSION, worker_id=WorkerId(1), lease_s=48, heartbeat_s=2, resources_s=10
        )
        assert shell.presence() is Presence.ONLINE

    play(scenario)


def test_a_task_that_starts_with_the_join_follows_the_welcome(play: Play) -> None:
    """The start is decided in the batch of the join, before there is a link to send it by."""

    async def scenario(shell: Shell) -> None:
        await shell.submit("1-2")
        socket = await shell.join()
        starts = [await socket.told(wire.Start) for _ in range(2)]
        assert [start.run.task for start in starts] == [0, 1]
        assert socket.frames[0] == 1, "a worker expects the welcome by itself"

    play(scenario)


def test_nothing_is_said_to_a_worker_before_its_join_is_on_disk(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        await shell.submit()
        await shell.commits.acquire()
        shell.commit_gate.clear()
        socket, _ = shell.dial(hello())
        await shell.commits.acquire()
        assert socket._told.empty()
        shell.commit_gate.set()
        await socket.told(wire.Welcome)

    play(scenario)


def test_a_foreign_version_is_refused_for_good(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        for version in (0, wire.VERSION + 1):
            socket, _ = shell.dial(hello(version=version))
            refused = await socket.told(wire.Refused)
            assert (refused.code, refused.retry_s) == ("version", 0)
            assert await socket.end() == (1008, "version")

    play(scenario)


def test_a_credential_is_good_for_its_name_alone(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, _ = shell.dial(hello("other"), credential("node"))
        refused = await socket.told(wire.Refused)
        assert (refused.code, refused.retry_s) == ("name-taken", 0)
        assert "'node'" in refused.message
        assert "'other'" in refused.message

    play(scenario)


def test_the_owner_may_join_under_any_name(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        await shell.join("one")
        await shell.join("two")

    play(scenario)


@pytest.mark.proves("render.attributes.name")
def test_a_second_machine_of_one_name_is_refused_and_may_try_again(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        await shell.join(boot="b")
        socket, _ = shell.dial(hello(boot="other"))
        refused = await socket.told(wire.Refused)
        assert refused.code == "name-taken"
        assert refused.retry_s > 0
        assert shell.presence() is Presence.ONLINE

    play(scenario)


def test_two_joins_of_one_name_at_once_give_one_link(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        await shell.submit()
        sockets = [shell.dial(hello())[0] for _ in range(2)]
        await sockets[0].told(wire.Welcome)
        await sockets[0].told(wire.Start)
        refused = await sockets[1].told(wire.Refused)
        assert refused.retry_s > 0

    play(scenario)


@pytest.mark.parametrize(
    "first",
    [
        b"\xc1",
        b"",
        b"GET / HTTP/1.1",
        encode(wire.Bye()),
        encode(wire.Beat(number=1)),
        msgspec.msgpack.encode({"type": "hello"}),
        msgspec.msgpack.encode([[[[]]]]),
        encode(hello("")),
        encode(hello("x" * 256)),
        encode(hello(nimby="no such word")),
        encode(hello(runs=("x",))),
        b"\x00" * (wire.MESSAGE_MAX + 1),
    ],
)
def test_what_is_no_hello_ends_the_connection_and_nothing_else(play: Play, first: bytes) -> None:
    async def scenario(shell: Shell) -> None:
        other = await shell.join("other")
        socket, serving = shell.dial(first)
        code, reason = await socket.end()
        await serving
        assert code == 1002
        assert len(reason.encode()) <= 123
        other.say(wire.Beat(number=1))
        await other.told(wire.BeatAck)

    play(scenario)


def test_who_hangs_up_without_a_word_is_let_go(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket = FakeSocket()
        socket.say(None)
        await shell.links.serve(socket, OWNER, "")
        assert shell.farm.state.workers == {}

    play(scenario)


def test_who_says_nothing_is_cut(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links_module, "HELLO_TIMEOUT_S", 0.0)

    async def scenario(shell: Shell) -> None:
        socket = FakeSocket()
        await shell.links.serve(socket, OWNER, "")
        assert socket.closed is not None

    play(scenario)


def test_a_worker_that_is_gone_before_its_welcome_is_not_linked(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        await shell.submit()
        socket = FakeSocket()
        socket.broken = True
        socket.say(hello())
        await shell.links.serve(socket, OWNER, "")
        assert shell.presence() is Presence.MISSING
        again = await shell.join(boot="another life")
        await again.told(wire.Start)
        assert shell.states() == [RUNNING]

    play(scenario)


# Coming back


def test_runs_that_both_sides_know_go_on(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started()
        socket.say(wire.Log(run_id=run_id, offset=0, data=b"12345"))
        await socket.told(wire.LogAck)
        socket.say(None)
        await shell.until(lambda: shell.presence() is Presence.MISSING)
        assert shell.states() == [RUNNING]
        again, _ = shell.dial(hello(runs=(run_id,)))
        welcome = await again.told(wire.Welcome)
        assert welcome.log_offsets == {run_id: 5}
        assert shell.states() == [RUNNING]
        again.say(wire.Ended(run_id=run_id, result=ENDED_WELL))
        await again.told(wire.EndedAck)
        assert shell.states() == [DONE]

    play(scenario)


def test_a_run_whose_result_waits_is_not_given_out_again(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started()
        socket.say(None)
        again, _ = shell.dial(hello(ended=(run_id,)))
        assert (await again.told(wire.Welcome)).log_offsets == {run_id: 0}
        again.say(wire.Ended(run_id=run_id, result=ENDED_WELL))
        assert await again.told(wire.EndedAck) == wire.EndedAck(run_ids=(run_id,))
        assert shell.states() == [DONE]

    play(scenario)


def test_a_run_that_only_the_farm_knows_is_given_out_again(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started()
        socket.say(None)
        await socket.end()
        again = await shell.join(boot="another life")
        start = await again.told(wire.Start)
        assert start.run.run_id > run_id
        assert (start.run.task, start.run.attempt) == (0, 2)

    play(scenario)


def test_a_run_that_only_the_worker_knows_is_stopped(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket = await shell.join(runs=(RunId(77),))
        assert (await socket.told(wire.Stop)).run_id == 77

    play(scenario)


def test_a_new_connection_of_the_same_life_replaces_the_old_one(play: Play) -> None:
    """The old one may be half open: its end would be noticed much later."""

    async def scenario(shell: Shell) -> None:
        old, run_id = await shell.started()
        new = await shell.join(runs=(run_id,))
        await old.end()
        assert shell.presence() is Presence.ONLINE
        assert shell.states() == [RUNNING]
        new.say(wire.Beat(number=1))
        await new.told(wire.BeatAck)

    play(scenario)


def test_a_start_that_crossed_a_reconnect_is_not_given_twice(play: Play) -> None:
    """The run was given back by the join: to start it from the older batch would double it."""

    async def scenario(shell: Shell) -> None:
        socket = await shell.join()
        while not shell.commits.locked():
            await shell.commits.acquire()
        shell.commit_gate.clear()
        submitting = asyncio.get_running_loop().create_task(shell.submit())
        await shell.commits.acquire()  # the batch with the start is on its way to the disk
        socket.say(None)
        await shell.until(lambda: not shell.links._links)
        again, _ = shell.dial(hello())
        await shell.until(lambda: shell.links._joining)
        shell.commit_gate.set()
        await submitting
        await again.told(wire.Welcome)
        start = await again.told(wire.Start)
        assert [start.run.run_id] == list(shell.farm.state.runs)
        again.say(wire.Beat(number=1))
        await again.told(wire.BeatAck)  # and nothing else

    play(scenario)


# Reports


def test_a_result_is_acknowledged_once_it_is_on_disk(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started()
        while not shell.commits.locked():
            await shell.commits.acquire()
        shell.commit_gate.clear()
        socket.say(wire.Ended(run_id=run_id, result=ENDED_WELL))
        await shell.commits.acquire()
        assert socket._told.empty()
        shell.commit_gate.set()
        assert await socket.told(wire.EndedAck) == wire.EndedAck(run_ids=(run_id,))

    play(scenario)


def test_a_result_that_comes_twice_counts_once_and_is_acknowledged_twice(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        await shell.submit("1-2", capacity=1_000)
        socket = await shell.join()
        run_id = (await socket.told(wire.Start)).run.run_id
        failed = RunResult(status=RunStatus.FAILED)
        for result in (ENDED_WELL, failed):
            socket.say(wire.Ended(run_id=run_id, result=result))
        kinds = [type(await socket.told(object)) for _ in range(3)]
        assert sorted(kind.__name__ for kind in kinds) == ["EndedAck", "EndedAck", "Start"]
        assert shell.states() == [DONE, RUNNING]

    play(scenario)


def test_a_superseded_result_is_acknowledged_and_has_no_effect(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started()
        await shell.engine.do(c.DeleteJob(job_id=JobId(1)))
        assert (await socket.told(wire.Stop)).run_id == run_id
        socket.say(wire.Ended(run_id=run_id, result=ENDED_WELL))
        await socket.told(wire.EndedAck)

    play(scenario)


def test_one_worker_cannot_end_the_run_of_another(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        _, run_id = await shell.started()
        other = await shell.join("other")
        other.say(wire.Ended(run_id=run_id, result=ENDED_WELL))
        await other.told(wire.EndedAck)
        other.say(wire.Log(run_id=run_id, offset=0, data=b"forged"))
        await other.told(wire.LogAck)
        assert shell.states() == [RUNNING]
        assert shell.shelf.size(1, run_id) == 0

    play(scenario)


def test_a_worker_that_lost_power_need_not_wait_for_its_old_link(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        await shell.submit()
        old = await shell.join(boot="first", home="h")
        first = await old.told(wire.Start)
        again = await shell.join(boot="second", home="h")
        assert (await again.told(wire.Start)).run.run_id > first.run.run_id
        await old.end()
        assert shell.presence() is Presence.ONLINE

    play(scenario)


def test_an_older_worker_gets_one_message_to_a_frame(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        await shell.submit("1-3")
        old = await shell.join(version=wire.PACKED_SINCE - 1)
        for _ in range(3):
            await old.told(wire.Start)
        assert max(old.frames) == 1
        new = await shell.join("new")
        for number in range(8):
            new.say(wire.Beat(number=number))
        for _ in range(8):
            await new.told(wire.BeatAck)

    play(scenario)


def test_messages_may_come_and_go_several_to_a_frame(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started("1-2")
        text = wire.Log(run_id=run_id, offset=0, data=b"text")
        ended = wire.Ended(run_id=run_id, result=ENDED_WELL)
        socket.say(pack([encode(text), encode(ended), encode(wire.Bye())]))
        assert (await socket.told(wire.Start)).run.run_id != run_id
        assert (await socket.told(wire.LogAck)).offset == 4
        assert (await socket.told(wire.EndedAck)).run_ids == (run_id,)
        await shell.until(lambda: shell.presence() is Presence.OFFLINE)
        assert shell.states() == [DONE, READY]

    play(scenario)


def test_more_results_than_may_wait_slow_the_worker_down(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "BOOKED_MAX", 2)

    async def scenario(shell: Shell) -> None:
        socket = await shell.join()
        for number in range(20):
            socket.say(wire.Ended(run_id=RunId(number), result=ENDED_WELL))
        acked = [(await socket.told(wire.EndedAck)).run_ids[0] for _ in range(20)]
        assert sorted(acked) == list(range(20))

    play(scenario)


def test_frames_of_a_running_task_let_others_begin(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        frames = block("1-4", frames_per_task=4, depend_sub_task=True, capacity=100)
        after = block(
            "1-4",
            name="after",
            tasks_depend_mask="block",
            capacity=100,
            hosts_mask="none",
        )
        await shell.engine.do(c.SubmitJob(spec=job(frames, after), user="ada"))
        socket = await shell.join()
        run_id = (await socket.told(wire.Start)).run.run_id
        socket.say(wire.FramesDone(run_id=run_id, count=2))
        await shell.until(lambda: states(shell.farm, JobId(1), 1)[:2] == [READY, READY])

    play(scenario)


# Logs


def test_log_pieces_make_a_log_and_are_passed_on(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started()
        for offset, data in ((0, b"one "), (4, b"two")):
            socket.say(wire.Log(run_id=run_id, offset=offset, data=data))
        acks = [(await socket.told(wire.LogAck)).offset for _ in range(2)]
        assert acks == [4, 7]
        assert shell.shelf.read(1, run_id, 0, 100) == b"one two"
        assert shell.grew == [(1, run_id, 0, b"one "), (1, run_id, 4, b"two")]

    play(scenario)


def test_a_piece_that_comes_twice_is_kept_once(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started()
        for offset, data in ((0, b"one "), (0, b"one "), (2, b"e two")):
            socket.say(wire.Log(run_id=run_id, offset=offset, data=data))
        acks = [(await socket.told(wire.LogAck)).offset for _ in range(3)]
        assert acks == [4, 4, 7]
        assert shell.shelf.read(1, run_id, 0, 100) == b"one two"

    play(scenario)


def test_a_piece_beyond_a_gap_is_not_taken(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started()
        socket.say(wire.Log(run_id=run_id, offset=4, data=b"two"))
        assert await socket.told(wire.LogAck) == wire.LogAck(run_id=run_id, offset=0, again=True)
        assert shell.grew == []

    play(scenario)


def test_a_piece_that_comes_after_the_end_is_kept(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started()
        socket.say(wire.Ended(run_id=run_id, result=ENDED_WELL))
        await socket.told(wire.EndedAck)
        socket.say(wire.Log(run_id=run_id, offset=0, data=b"late"))
        assert (await socket.told(wire.LogAck)).offset == 4
        assert shell.shelf.read(1, run_id, 0, 100) == b"late"

    play(scenario)


def test_log_text_of_a_run_nobody_knows_is_acknowledged_and_dropped(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket = await shell.join()
        socket.say(wire.Log(run_id=RunId(9), offset=10, data=b"abc"))
        assert (await socket.told(wire.LogAck)).offset == 13

    play(scenario)


def test_a_thumbnail_of_a_run_is_passed_on_while_it_goes_on_and_shortly_after(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started()
        socket.say(wire.Picture(run_id=run_id, name="early", data=b"1"))
        socket.say(wire.Ended(run_id=run_id, result=ENDED_WELL))
        await socket.told(wire.EndedAck)
        socket.say(wire.Picture(run_id=run_id, name="late", data=b"2"))
        await shell.until(lambda: len(shell.shown) == 2)
        assert shell.shown == [(1, run_id, "early", b"1"), (1, run_id, "late", b"2")]

    play(scenario)


def test_a_thumbnail_of_anothers_run_or_of_a_deleted_job_is_dropped(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started()
        other = await shell.join("other")
        other.say(wire.Picture(run_id=run_id, name="forged", data=b"1"))
        other.say(wire.Beat(number=1))
        await other.told(wire.BeatAck)
        socket.say(wire.Ended(run_id=run_id, result=ENDED_WELL))
        await socket.told(wire.EndedAck)
        await shell.engine.do(c.DeleteJob(job_id=JobId(1)))
        socket.say(wire.Picture(run_id=run_id, name="late", data=b"2"))
        socket.say(wire.Picture(run_id=RunId(999), name="unknown", data=b"3"))
        socket.say(wire.Beat(number=1))
        await socket.told(wire.BeatAck)
        assert shell.shown == []

    play(scenario)


def test_a_full_disk_asks_for_the_piece_again_and_leaves_the_link_up(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started()
        piece = wire.Log(run_id=run_id, offset=0, data=b"te")
        rest = wire.Log(run_id=run_id, offset=2, data=b"xt")
        socket.say(piece)
        assert await socket.told(wire.LogAck) == wire.LogAck(run_id=run_id, offset=2)
        shell.shelf.full = True
        socket.say(rest)
        assert await socket.told(wire.LogAck) == wire.LogAck(run_id=run_id, offset=2, again=True)
        socket.say(wire.Beat(number=1))
        await socket.told(wire.BeatAck)
        shell.shelf.full = False
        socket.say(rest)
        assert await socket.told(wire.LogAck) == wire.LogAck(run_id=run_id, offset=4)
        assert shell.shelf.read(1, run_id, 0, 100) == b"text"

    play(scenario)


def test_a_result_is_taken_after_its_log_or_when_the_log_is_given_up(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started()
        shell.shelf.full = True
        socket.say(wire.Log(run_id=run_id, offset=0, data=b"text"))
        await socket.told(wire.LogAck)
        socket.say(wire.Ended(run_id=run_id, result=ENDED_WELL))
        socket.say(wire.Beat(number=1))
        await socket.told(wire.BeatAck)
        assert shell.states() == [RUNNING]
        socket.say(wire.Ended(run_id=run_id, result=ENDED_WELL, whole=False))
        assert (await socket.told(wire.EndedAck)).run_ids == (run_id,)
        assert shell.states() == [DONE]

    play(scenario)


def test_a_result_whose_log_came_late_is_taken(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started()
        piece = wire.Log(run_id=run_id, offset=0, data=b"text")
        shell.shelf.full = True
        socket.say(piece)
        await socket.told(wire.LogAck)
        shell.shelf.full = False
        socket.say(piece)
        await socket.told(wire.LogAck)
        socket.say(wire.Ended(run_id=run_id, result=ENDED_WELL))
        assert (await socket.told(wire.EndedAck)).run_ids == (run_id,)

    play(scenario)


def test_a_farm_begun_anew_gives_out_no_number_that_a_worker_has_met(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        await shell.submit()
        socket = await shell.join(last_run=RunId(40), ended=(RunId(12),))
        start = await socket.told(wire.Start)
        assert start.run.run_id == 41
        socket.say(wire.Ended(run_id=RunId(12), result=ENDED_WELL))
        assert (await socket.told(wire.EndedAck)).run_ids == (12,)
        assert shell.states() == [RUNNING], "it was the run of another farm"

    play(scenario)


# Beats and leases


def test_beats_are_answered_and_their_telemetry_noted(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started()
        progress = (Progress(run_id=run_id, percent=40), Progress(run_id=RunId(99), percent=1))
        load = Resources(mem_total_mb=64_000, mem_free_mb=50_000, hdd_total_gb=500)
        socket.say(wire.Beat(number=7, progress=progress, resources=load))
        assert await socket.told(wire.BeatAck) == wire.BeatAck(number=7, lease_s=48)
        await shell.until(lambda: shell.touched)
        assert list(shell.gauges.progress) == [run_id], "another's run is not its to speak of"
        assert shell.gauges.resources[WorkerId(1)] == load
        assert shell.farm.state.workers[WorkerId(1)].measured_memory_mb == 50_000

    play(scenario)


def test_small_changes_of_free_memory_do_not_reach_the_farm(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket = await shell.join()
        worker = shell.farm.state.workers[WorkerId(1)]
        for number, free in enumerate((50_000, 49_000, 45_000)):
            load = Resources(mem_total_mb=64_000, mem_free_mb=free, hdd_total_gb=500)
            socket.say(wire.Beat(number=number, resources=load))
            await socket.told(wire.BeatAck)
            await shell.until(partial(lambda done: len(shell.touched) > done, number))
            assert worker.measured_memory_mb == (45_000 if free == 45_000 else 50_000)

    play(scenario)


def test_a_machine_in_use_becomes_nimby_and_is_free_again_when_it_was_left(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        rules = {"busy_cpu": 50, "busy_nimby_s": 60, "idle_cpu": 10, "idle_free_s": 60}
        await shell.engine.do(c.EditPool(path="/", changes=rules))
        socket = await shell.join()
        worker = shell.farm.state.workers[WorkerId(1)]
        seen = []
        for number, idle in enumerate((0, 0, 95, 95)):
            shell.now = 60.0 * number
            socket.say(wire.Beat(number=number, resources=Resources(cpu_idle=idle)))
            await socket.told(wire.BeatAck)
            await shell.until(partial(lambda done: len(shell.touched) > done, number))
            seen.append(worker.spec.nimby)
        assert seen == [Nimby.FREE, Nimby.NOBODY, Nimby.NOBODY, Nimby.FREE]

    play(scenario)


@pytest.mark.proves("render.states.paused")
def test_a_paused_machine_that_was_left_is_no_longer_nimby_and_stays_paused(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        rules = {"idle_cpu": 10, "idle_free_s": 60}
        await shell.engine.do(c.EditPool(path="/", changes=rules))
        socket = await shell.join()
        worker = shell.farm.state.workers[WorkerId(1)]
        changes = {"nimby": "nobody", "paused": True}
        await shell.engine.do(c.EditWorker(worker_id=worker.worker_id, changes=changes))
        for number in range(3):
            shell.now = 60.0 * number
            socket.say(wire.Beat(number=number, resources=Resources(cpu_idle=95)))
            await socket.told(wire.BeatAck)
        await shell.until(lambda: worker.spec.nimby is Nimby.FREE)
        assert worker.spec.paused

    play(scenario)


def test_what_is_wrong_with_a_machine_makes_its_worker_sick(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket = await shell.join()
        worker = shell.farm.state.workers[WorkerId(1)]
        socket.say(wire.Examined(faults=("disk: full", "gpu: " + "x" * 9_000)))
        await shell.until(lambda: worker.sick.startswith("disk: full; gpu: xx"))
        socket.say(wire.Examined())
        await shell.until(lambda: not worker.sick)

    play(scenario)


def test_an_idle_machine_is_told_to_sleep(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        rules = {"idle_cpu": 10, "idle_sleep_s": 60}
        await shell.engine.do(c.EditPool(path="/", changes=rules))
        traits = msgspec.structs.replace(TRAITS, macs=("02:42:ac:11:00:02",))
        socket, _ = shell.dial(wire.Hello(version=2, name="n", boot_id="b", traits=traits))
        await socket.told(wire.Welcome)
        for number in range(2):
            shell.now = 60.0 * number
            socket.say(wire.Beat(number=number, resources=Resources(cpu_idle=95)))
            await socket.told(wire.BeatAck)
            await shell.until(partial(lambda done: len(shell.touched) > done, number))
        assert await socket.told(wire.Instruct) == wire.Instruct(what="sleep")
        socket.say(None)
        await shell.until(lambda: shell.farm.state.resting == {WorkerId(1)})

    play(scenario)


def test_a_worker_that_had_no_task_for_long_is_told_to_exit(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        await shell.set_pool(exit_no_task_s=60)
        socket = await shell.join()
        for number in range(2):
            shell.now = 60.0 * number
            socket.say(wire.Beat(number=number, resources=Resources(cpu_idle=95)))
            await socket.told(wire.BeatAck)
            await shell.until(partial(lambda done: len(shell.touched) > done, number))
        assert await socket.told(wire.Instruct) == wire.Instruct(what="exit")
        socket.say(wire.Bye())
        await shell.until(lambda: shell.presence() is Presence.OFFLINE)
        assert [item.action for item in shell.audit] == ["EditPool", "InstructWorker"]
        assert b"no task for 60 s" in shell.audit[-1].details

    play(scenario)


def test_people_are_told_of_a_machine_that_has_too_much(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        await shell.set_pool(overload_event_s=60, overload_memory=90)
        socket = await shell.join()
        for number in range(2):
            shell.now = 60.0 * number
            load = Resources(mem_total_mb=100, mem_free_mb=5)
            socket.say(wire.Beat(number=number, resources=load))
            await socket.told(wire.BeatAck)
            await shell.until(partial(lambda done: len(shell.touched) > done, number))
        told = WorkerTroubled(WorkerId(1), "overload", "memory 95 % in use for 60 s")
        await shell.until(lambda: told in shell.published)
        assert (shell.audit[-1].action, shell.audit[-1].target) == ("NoteTrouble", "worker/1")
        assert shell.gauges.troubles == {WorkerId(1): "memory 95 % in use for 60 s"}
        socket.say(None)
        await shell.until(lambda: not shell.gauges.troubles)

    play(scenario)


def test_telemetry_of_what_is_over_is_forgotten(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started()
        progress = (Progress(run_id=run_id, percent=40),)
        socket.say(wire.Beat(number=1, progress=progress, resources=Resources()))
        await shell.until(lambda: shell.gauges.progress and shell.gauges.resources)
        socket.say(wire.Bye())
        await shell.until(lambda: shell.presence() is Presence.OFFLINE)
        await shell.engine.do(c.DeleteWorker(worker_id=WorkerId(1)))
        assert (shell.gauges.progress, shell.gauges.resources) == ({}, {})

    play(scenario)


@pytest.mark.proves(
    "render.attributes.address_ip",
    "render.attributes.time_launch",
    "render.attributes.time_update",
)
def test_the_farm_keeps_where_a_worker_comes_from_and_since_when_it_runs(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket = await shell.join(launched=900.5)
        worker = shell.farm.state.workers[WorkerId(1)]
        assert (worker.address, worker.launched, worker.joined) == ("10.0.0.7", 900.5, 1_000.0)
        socket.say(wire.Beat(number=1, resources=Resources()))
        await shell.until(lambda: shell.gauges.updated == {WorkerId(1): 1_000.0})

    play(scenario)


@pytest.mark.parametrize("launched", [-1.0, float("inf"), float("nan")])
def test_a_time_that_is_none_is_not_kept(play: Play, launched: float) -> None:
    async def scenario(shell: Shell) -> None:
        await shell.join(launched=launched)
        assert shell.farm.state.workers[WorkerId(1)].launched == 0.0

    play(scenario)


def test_a_worker_is_welcomed_with_the_times_of_its_pool(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        await shell.set_pool(lease_s=30, heartbeat_s=5, resources_s=60)
        socket, _ = shell.dial(hello(version=wire.VERSION_MIN))
        welcome = await socket.told(wire.Welcome)
        times = (welcome.lease_s, welcome.heartbeat_s, welcome.resources_s)
        assert times == (24.0, 5.0, 60.0)

    play(scenario)


def test_a_worker_is_told_of_new_times_with_its_next_beat_and_once(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket = await shell.join()
        await shell.set_pool(lease_s=30, heartbeat_s=5)
        answers = [await socket.beat(number) for number in (1, 2)]
        assert answers == [
            wire.BeatAck(number=1, lease_s=24.0, heartbeat_s=5.0, resources_s=10.0),
            wire.BeatAck(number=2, lease_s=24.0),
        ]

    play(scenario)


def test_an_older_worker_keeps_its_times_until_it_joins_again(play: Play) -> None:
    """It would not beat more often, and a shorter lease would end between two beats."""

    async def scenario(shell: Shell) -> None:
        socket = await shell.join(version=wire.TIMES_SINCE - 1)
        await shell.set_pool(lease_s=10, heartbeat_s=1)
        assert await socket.beat(1) == wire.BeatAck(number=1, lease_s=48.0)
        shell.now = CLOCKS.lease_s
        await shell.links.end_leases()
        assert (socket.closed, shell.presence()) == (None, Presence.ONLINE)

    play(scenario)


def test_a_shorter_lease_holds_when_the_longer_one_has_run_out(play: Play) -> None:
    """The answer that tells of it may be lost: then the worker goes on by the longer one."""

    async def scenario(shell: Shell) -> None:
        socket, _ = await shell.started()
        await shell.set_pool(lease_s=10)
        shell.now = 5.0
        await socket.beat(1)
        socket.say(None)
        await socket.end()
        shell.now = 5.0 + CLOCKS.lease_s
        await shell.links.end_leases()
        assert shell.states() == [RUNNING]
        shell.now += 0.1
        await shell.links.end_leases()
        assert shell.states() == [READY]

    play(scenario)


def test_a_shorter_lease_ends_sooner_once_the_longer_one_is_over(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, _ = await shell.started()
        await shell.set_pool(lease_s=10)
        for number, shell.now in enumerate((5.0, 70.0), 1):
            await socket.beat(number)
        socket.say(None)
        await socket.end()
        shell.now = 80.1
        await shell.links.end_leases()
        assert shell.states() == [READY]

    play(scenario)


@pytest.mark.parametrize("broken", [True, False])
def test_a_worker_that_dials_again_may_still_go_by_a_longer_lease(
    play: Play, broken: bool
) -> None:
    """It was welcomed with the shorter one, but that welcome may be lost."""

    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started()
        await shell.set_pool(lease_s=10)
        if broken:
            socket.say(None)
            await socket.end()
        again = await shell.join(runs=(run_id,))
        if not broken:
            await socket.end()
        again.say(None)
        await again.end()
        shell.now = CLOCKS.lease_s
        await shell.links.end_leases()
        assert shell.states() == [RUNNING]
        shell.now += 0.1
        await shell.links.end_leases()
        assert shell.states() == [READY]

    play(scenario)


def test_a_worker_that_dials_again_and_is_refused_has_no_connection_any_more(play: Play) -> None:
    """Its former one was ended for the new one: its runs must not wait for ever."""

    async def scenario(shell: Shell) -> None:
        former, _ = await shell.started()
        again, refused = shell.dial(hello(last_run=RunId(2**60)))
        assert (await again.told(wire.Refused)).code == "foreign-runs"
        await refused
        await former.end()
        assert (shell.presence(), shell.states()) == (Presence.MISSING, [RUNNING])
        shell.now = CLOCKS.lease_s + 1
        await shell.links.end_leases()
        assert shell.states() == [READY]

    play(scenario)


def test_runs_are_given_back_after_the_lease_and_not_before(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, _ = await shell.started()
        shell.now = 5.0
        socket.say(wire.Beat(number=1))
        await socket.told(wire.BeatAck)
        socket.say(None)
        await socket.end()
        shell.now = 5.0 + CLOCKS.lease_s
        await shell.links.end_leases()
        assert (shell.presence(), shell.states()) == (Presence.MISSING, [RUNNING])
        shell.now += 0.1
        await shell.links.end_leases()
        assert (shell.presence(), shell.states()) == (Presence.OFFLINE, [READY])

    play(scenario)


def test_a_worker_that_is_silent_on_an_open_link_is_lost_too(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, _ = await shell.started()
        shell.now = CLOCKS.lease_s
        await shell.links.end_leases()
        assert shell.presence() is Presence.ONLINE
        shell.now += 0.1
        await shell.links.end_leases()
        await socket.end()
        await shell.links.end_leases()
        assert (shell.presence(), shell.states()) == (Presence.OFFLINE, [READY])

    play(scenario)


def test_whatever_a_worker_says_keeps_its_lease(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started()
        for second in range(0, 300, 50):
            shell.now = float(second)
            socket.say(wire.Log(run_id=run_id, offset=0, data=b"x"))
            await socket.told(wire.LogAck)
            await shell.links.end_leases()
        assert shell.presence() is Presence.ONLINE

    play(scenario)


def test_a_worker_that_comes_back_at_the_end_of_its_lease_keeps_its_runs(play: Play) -> None:
    """Its join is on the way to the disk: the lease must not be ended behind it."""

    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started()
        socket.say(None)
        await socket.end()
        while not shell.commits.locked():
            await shell.commits.acquire()
        shell.commit_gate.clear()
        again, _ = shell.dial(hello(runs=(run_id,)))
        await shell.commits.acquire()
        shell.now = CLOCKS.lease_s + 1
        await shell.links.end_leases()
        shell.commit_gate.set()
        await again.told(wire.Welcome)
        await shell.links.end_leases()
        assert (shell.presence(), shell.states()) == (Presence.ONLINE, [RUNNING])

    play(scenario)


def test_after_a_restart_a_worker_has_a_whole_lease_to_come_back(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        await shell.started()
        shell.farm.state.workers[WorkerId(1)].presence = Presence.MISSING
        shell.now = 1_000.0
        links = shell.new_links()
        running = asyncio.get_running_loop().create_task(links.run())
        await asyncio.sleep(0)
        shell.now += CLOCKS.lease_s
        await links.end_leases()
        assert shell.states() == [RUNNING]
        shell.now += 0.1
        await links.end_leases()
        assert shell.states() == [READY]
        running.cancel()

    play(scenario)


def test_a_worker_that_came_back_through_a_door_keeps_its_runs(play: Play) -> None:
    """Afanasy's render nodes are linked without us: their lease is for the door to end."""

    async def scenario(shell: Shell) -> None:
        _, run_id = await shell.started()
        shell.farm.state.workers[WorkerId(1)].presence = Presence.MISSING
        links = shell.new_links()
        running = asyncio.get_running_loop().create_task(links.run())
        await asyncio.sleep(0)
        await shell.engine.do(
            c.JoinWorker(name="node", boot_id="b", traits=TRAITS, runs=(run_id,))
        )
        shell.now += CLOCKS.lease_s + 0.1
        await links.end_leases()
        assert (shell.presence(), shell.states()) == (Presence.ONLINE, [RUNNING])
        running.cancel()

    play(scenario)


def test_goodbye_frees_the_worker_at_once(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, _ = await shell.started()
        socket.say(wire.Bye())
        assert await socket.end() == (1000, "")
        assert (shell.presence(), shell.states()) == (Presence.OFFLINE, [READY])

    play(scenario)


def test_results_said_before_goodbye_count(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started()
        socket.say(wire.Ended(run_id=run_id, result=ENDED_WELL))
        socket.say(wire.Bye())
        await socket.end()
        assert shell.states() == [DONE]

    play(scenario)


# Bad links


def test_a_link_that_does_not_keep_up_is_cut(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "OUTBOX_MAX", 4)

    async def scenario(shell: Shell) -> None:
        socket = await shell.join()
        socket.reads.clear()
        for _ in range(6):
            await shell.engine.do(c.InstructWorker(worker_id=WorkerId(1), what="reboot"))
        await socket.end()
        assert shell.presence() is Presence.MISSING

    play(scenario)


def test_a_worker_is_told_what_to_do_with_its_machine(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket = await shell.join()
        await shell.engine.do(c.InstructWorker(worker_id=WorkerId(1), what="reboot"))
        assert (await socket.told(wire.Instruct)).what == "reboot"

    play(scenario)


@pytest.mark.parametrize(
    "message",
    [
        encode(hello()),
        b"\xc1 nonsense",
        encode(wire.Log(run_id=RunId(1), offset=-1, data=b"")),
        encode(wire.Log(run_id=RunId(1), offset=2**64 - 1, data=b"x")),
        msgspec.msgpack.encode({"type": "ended", "run_id": 1, "result": {"status": "splendid"}}),
        b"\x00" * (wire.MESSAGE_MAX + 1),
    ],
)
def test_what_makes_no_sense_ends_that_link_alone(play: Play, message: bytes) -> None:
    async def scenario(shell: Shell) -> None:
        other = await shell.join("other")
        socket, serving = shell.dial(hello())
        socket.say(message)
        code, reason = await socket.end()
        await serving
        assert (code, bool(reason)) == (1002, True)
        assert shell.presence(2) is Presence.MISSING
        other.say(wire.Beat(number=1))
        await other.told(wire.BeatAck)

    play(scenario)


def test_absurd_figures_harm_nobody(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, run_id = await shell.started()
        huge = 2**63 - 1
        load = Resources(mem_total_mb=-huge, mem_free_mb=huge, hdd_total_gb=0, hdd_free_gb=-huge)
        progress = (Progress(run_id=run_id, percent=huge, cpu_percent=float("nan")),)
        socket.say(wire.Beat(number=huge, progress=progress, resources=load))
        await socket.told(wire.BeatAck)
        socket.say(wire.FramesDone(run_id=run_id, count=huge))
        result = RunResult(status=RunStatus.DONE, duration_s=float("inf"), exit_code=huge)
        socket.say(wire.Ended(run_id=run_id, result=result))
        await socket.told(wire.EndedAck)
        assert shell.states() == [DONE]

    play(scenario)


def test_a_revoked_worker_is_cut_and_keeps_its_runs_for_its_lease(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        socket, _ = await shell.started()
        shell.links.cut("node")
        shell.links.cut("nobody")
        await socket.end()
        assert (shell.presence(), shell.states()) == (Presence.MISSING, [RUNNING])

    play(scenario)


def test_a_server_that_ends_closes_links_in_order(tmp_path: Path) -> None:
    async def run() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            async with shell_in(tmp_path) as shell:
                linked = await shell.join("linked")
                shell.commit_gate.clear()
                joining, serving = shell.dial(hello("joining"))
                await shell.until(lambda: shell.links._joining)
                shell.engine._ended.set()
                late, refused = shell.dial(hello("late"))
                await refused
                assert late.closed == (1012, "the server is stopping")
                linked.say(wire.Ended(run_id=RunId(5), result=ENDED_WELL))
                await linked.end()
                shell.engine._ended.clear()
                shell.commit_gate.set()
                await joining.told(wire.Welcome)
                joining.say(None)
                await serving

    asyncio.run(run())
