"""Real workers' cores on real links that lose everything: never two copies, nothing forgotten."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from typing_extensions import override

from grange.core.check import faults
from grange.core.commands import EditPool, SubmitJob
from grange.core.farm import Farm
from grange.core.records import RunRecord
from grange.model.ids import RunId
from grange.model.states import RunStatus
from grange.server.clocks import Clocks
from grange.server.links import Links
from grange.store.files import LogNotKept, Shelf
from grange.store.store import CredentialRecord
from grange.wire import worker as wire
from tests.build import block, job
from tests.machine.computer import Computer, Task, Wire
from tests.machine.depth import depth
from tests.machine.mortal import MortalServer

SIZES = st.sampled_from([0, 1, 100, 70_000, 200_000])  # bytes of log
ROOM = 1 << 40  # bytes on the server's disk for logs
TURNS = 60  # of the loop until nothing moves
ROUNDS = 400  # until all is done
CLOCKS = Clocks(lease_s=20.0, worker_lease_s=16.0, heartbeat_s=1.0, resources_s=5.0)
OWNER = CredentialRecord(
    credential_id="c",
    kind="token",
    name="ada",
    role="admin",
    secret_hash=b"",
    state="active",
    created=0,
)


class FullShelf(Shelf):
    """A shelf on a disk with so much room: it keeps the beginning of a piece, then refuses."""

    room = ROOM

    @override
    def append(self, job_id: int, run_id: int, offset: int, data: bytes) -> int:
        have = self.size(job_id, run_id)
        new = max(0, offset + len(data) - have) if offset <= have else 0
        if new <= self.room:
            self.room -= new
            return super().append(job_id, run_id, offset, data)
        part = have - offset + self.room
        if part > 0:
            super().append(job_id, run_id, offset, data[:part])
        self.room = 0
        raise LogNotKept(f"log of run {run_id}: no space left on device")


class World(MortalServer):
    """Two machines, a server that may die, and time."""

    door: Links
    shelf: FullShelf

    def __init__(self) -> None:
        self.logs: dict[RunId, bytes] = {}  # what each run has written
        self.usual_room = ROOM
        self.smooth = False  # messages arrive when nobody holds them up
        super().__init__()
        self.machines = [Computer(self, name) for name in ("one", "two")]
        self.submit("1-3", 100)
        self.talk()

    @initialize(
        room=st.sampled_from([ROOM, 0, 150, 80_000]),
        smooth=st.booleans(),
        lease=st.sampled_from([10, 10, 0]),
    )
    def begin(self, room: int, smooth: bool, lease: int) -> None:
        """How full the disk for logs is; whether messages arrive when nobody holds them up."""
        self.usual_room = self.shelf.room = room
        self.smooth = smooth
        self.change_times(lease, 0)
        self.talk()

    @rule(lease=st.sampled_from([0, 10, 10, 13]), beat=st.sampled_from([0, 1, 3]))
    def change_times(self, lease: int, beat: int) -> None:
        """A person sets other times on the pool."""
        command = EditPool(path="/", changes={"lease_s": lease, "heartbeat_s": beat})
        self.wait(self.engine.do(command))
        self.turn()

    def flow(self) -> None:
        if self.smooth:
            self.talk()

    @override
    def new_shelf(self) -> Shelf:
        return FullShelf(self.folder)

    @override
    def serve(self, farm: Farm) -> None:
        super().serve(farm)
        self.door = Links(
            self.engine,
            self.gauges,
            self.shelf,
            log_grew=lambda *_: None,
            show=lambda *_: None,
            touched=lambda _: None,
            clocks=CLOCKS,
            monotonic=lambda: self.now,
        )
        self.tasks.append(self.loop.create_task(self.door.run()))

    def connection(self) -> Wire:
        wire_ = Wire()
        self.tasks.append(self.loop.create_task(self.door.serve(wire_, OWNER, "")))
        return wire_

    def turn(self) -> None:
        """Let the server do all that it can do now."""

        async def turns() -> None:
            for _ in range(TURNS):
                await asyncio.sleep(0)

        self.wait(turns())
        assert not self.tasks[0].done()

    def wrote(self, run_id: RunId, log: bytes) -> None:
        self.logs[run_id] = log

    def check_alone(self, task: Task) -> None:
        for machine in self.machines:
            assert task not in machine.processes.values(), f"two copies of {task} at once"

    def check_acknowledged(self, message: wire.EndedAck) -> None:
        for run_id in message.run_ids:
            row = self.disk.rows.get((RunRecord, run_id))
            assert row is not None
            assert row.result is not None, "a result was acknowledged that is not on disk"
            if row.result.status in (RunStatus.DONE, RunStatus.FAILED) and not row.result.warning:
                self.check_log(row)

    def check_log(self, row: RunRecord) -> None:
        """The log of a result that is on disk is there, byte for byte."""
        written = self.logs.get(row.run_id, b"")
        found = self.shelf.read(row.job_id, row.run_id, 0, len(written) + 1)
        assert found == written, f"log of run {row.run_id}: {len(found)} of {len(written)} bytes"

    @rule(frames=st.sampled_from(["1", "1-3", "1-6"]), capacity=st.sampled_from([100, 1_000]))
    def submit(self, frames: str, capacity: int) -> None:
        spec = job(block(frames, capacity=capacity, errors_retries=1_000, errors_avoid_host=-1))
        self.wait(self.engine.do(SubmitJob(spec=spec, user="ada")))
        self.turn()

    @rule(which=st.integers(0, 1))
    def dial(self, which: int) -> None:
        self.machines[which].dial()
        self.turn()

    @rule(which=st.integers(0, 1), count=st.integers(1, 9))
    def arrive(self, which: int, count: int) -> None:
        link = self.machines[which].link
        if link is not None:
            link.arrive(count)
        self.turn()

    @rule(which=st.integers(0, 1), count=st.integers(1, 9))
    def arrive_late(self, which: int, count: int) -> None:
        """What was on its way when a link broke comes after the next link was made."""
        for link in self.machines[which].old_links:
            link.arrive(count)
        self.turn()

    @rule(which=st.integers(0, 1), down=st.booleans())
    def repeat(self, which: int, down: bool) -> None:
        link = self.machines[which].link
        if link is not None:
            link.repeat(down=down)

    @rule(which=st.integers(0, 1), number=st.integers(0, 5), size=SIZES)
    def write(self, which: int, number: int, size: int) -> None:
        machine = self.machines[which]
        if machine.processes:
            found = sorted(machine.processes)
            machine.write(found[number % len(found)], size)
            self.flow()

    @rule(room=st.sampled_from([0, 10, 1_000]))
    def fill_disk(self, room: int) -> None:
        """The server's disk for logs has so many bytes left."""
        self.shelf.room = room
        self.flow()

    @rule()
    def free_disk(self) -> None:
        self.shelf.room = ROOM

    @rule(which=st.integers(0, 1), count=st.integers(1, 9))
    def hear(self, which: int, count: int) -> None:
        machine = self.machines[which]
        for _ in range(count):
            if machine.link is None or machine.frozen or not machine.link.down:
                break
            machine.hear()
        self.turn()

    @rule(seconds=st.sampled_from([0.3, 1.0, 1.0, 2.5, 5.0, 7.9, 8.1, 10.1, 16.1, 20.1]))
    def pass_time(self, seconds: float) -> None:
        """Time passes bit by bit, as it does where every part is awake."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + 0.25)
            for machine in self.machines:
                machine.pass_time()
            self.turn()
            self.wait(self.door.end_leases())
            self.turn()
        self.flow()

    @rule(which=st.integers(0, 1), number=st.integers(0, 5), ok=st.booleans(), size=SIZES)
    def finish(self, which: int, number: int, ok: bool, size: int) -> None:
        machine = self.machines[which]
        if machine.processes:
            found = sorted(machine.processes)
            machine.write(found[number % len(found)], size)
            machine.end(found[number % len(found)], 0 if ok else 1)
            self.flow()

    @rule(which=st.integers(0, 1), told=st.booleans())
    def lose_link(self, which: int, told: bool) -> None:
        self.machines[which].lose_link(told=told)
        self.turn()

    @rule(which=st.integers(0, 1), told=st.booleans())
    def kill_worker(self, which: int, told: bool) -> None:
        machine = self.machines[which]
        if machine.link is not None and told:
            machine.link.hang_up()
        machine.link = None
        machine.boot()
        self.turn()

    @rule(which=st.integers(0, 1))
    def freeze(self, which: int) -> None:
        self.machines[which].frozen = True

    @rule(which=st.integers(0, 1))
    def thaw(self, which: int) -> None:
        self.machines[which].thaw()

    @rule()
    def kill_server(self) -> None:
        self.end_server()
        for machine in self.machines:
            machine.lose_link(told=False)
            machine.old_links.clear()
        self.serve(Farm.restore(self.disk.load(), self.now))
        self.turn()

    @rule()
    def talk(self) -> None:
        """Nothing is in the way for a moment."""
        for which in (0, 1):
            self.dial(which)
            for _ in range(3):
                self.arrive(which, 1_000)
                self.hear(which, 1_000)

    @rule()
    def heal(self) -> None:
        """When the trouble is over all that was asked for is done."""
        self.free_disk()
        for _ in range(ROUNDS):
            if all(task.done for task in self.farm.state.jobs.values()):
                self.shelf.room = self.usual_room
                return
            self.talk()
            for machine in self.machines:
                machine.thaw()
                for run_id in list(machine.processes):
                    machine.write(run_id, 100)
                    machine.end(run_id, 0)
            self.pass_time(0.5)
        left = {
            number: item.blocks[0].tasks.counts for number, item in self.farm.state.jobs.items()
        }
        raise AssertionError(f"still not done: {left}")

    @invariant()
    def no_faults(self) -> None:
        assert list(faults(self.farm.state)) == []
        for key, row in self.disk.rows.items():
            if key[0] is RunRecord and row.run_id in self.logs:
                found = self.shelf.read(row.job_id, row.run_id, 0, 1_000_000)
                assert self.logs[row.run_id].startswith(found), "the shelf has other bytes"


TestWorld = pytest.mark.slow(World.TestCase)
TestWorld.settings = depth(examples=30, steps=40)
