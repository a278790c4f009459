"""Sessions with workers: one WebSocket each; leases; what they are told and what they say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from grange.core.commands import (
    Command,
    EndRun,
    Joined,
    LoseWorker,
    NoteFrames,
    NoteHealth,
    UnlinkWorker,
)
from grange.core.effects import DropFiles, Effect, WakeMachine
from grange.core.errors import Rejected
from grange.core.objects import Worker
from grange.core.workers import is_same
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.states import Presence
from grange.server.clocks import Clocks, clocks_of
from grange.server.engine import Engine, Stopped
from grange.server.gauges import Gauges
from grange.server.link import TEXT_MAX, Link, clipped
from grange.server.phrases import join_command, message_of
from grange.server.socket import Socket
from grange.server.telemetry import Telemetry
from grange.store.files import LogNotKept, Shelf
from grange.store.store import CredentialRecord
from grange.wire import worker as wire
from grange.wire.codec import (
    PACK_BYTES,
    WireError,
    decode_to_server,
    encode,
    pack,
    unpack_to_server,
)

HELLO_TIMEOUT_S = 10.0  # from connection to `Hello`
RETRY_S = 2.0  # a refused worker tries again after
FAULTS_MAX = 100  # of a machine that was examined
CLOSE_TEXT_MAX = 40  # characters of a reason for closing: it has room for 123 bytes


class Links:
    """All connections of workers.

    Args:
        engine: the farm's.
        gauges: where telemetry goes.
        shelf: where logs go.
        log_grew: told of each piece of log on the shelf: job id, run id, offset, data.
        show: takes thumbnails: job id, run id, name, JPEG.
        touched: told of each worker with new telemetry.
        clocks: times of the protocol, where a worker's pools do not say others.
        monotonic: seconds that never jump.
    """

    def __init__(
        self,
        engine: Engine,
        gauges: Gauges,
        shelf: Shelf,
        *,
        log_grew: Callable[[JobId, RunId, int, bytes], None],
        show: Callable[[JobId, RunId, str, bytes], None],
        touched: Callable[[WorkerId], None],
        clocks: Clocks,
        monotonic: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._shelf = shelf
        self._log_grew = log_grew
        self._show = show
        self._clocks = clocks
        self._monotonic = monotonic
        self._links: dict[WorkerId, Link] = {}
        self._telemetry = Telemetry(engine, gauges, touched=touched, monotonic=monotonic)
        self._missing: dict[WorkerId, float] = {}  # when the lease of each ends
        self._joining: set[str] = set()  # names of those who join just now
        self._early: dict[WorkerId, list[wire.ToWorker]] = {}  # for those who join just now

    async def run(self) -> None:
        """Take runs back from workers whose lease is over. Never ends."""
        longest = self._monotonic() + self._clocks.lease_s
        for worker in self._engine.farm.state.workers.values():
            if worker.presence is Presence.MISSING:
                self._missing[worker.worker_id] = longest
        while True:
            await asyncio.sleep(min(1.0, self._clocks.lease_s / 4))
            await self.end_leases()

    async def end_leases(self) -> None:
        """Cut links that have been silent for a lease; take runs back from who stays away."""
        now = self._monotonic()
        for link in list(self._links.values()):
            if now > link.until:
                link.gone.set()
        over = [
            worker_id
            for worker_id, until in self._missing.items()
            if now > until and not self._is_back(worker_id)
        ]
        async with asyncio.TaskGroup() as group:
            for worker_id in over:
                del self._missing[worker_id]
                group.create_task(self._tell_farm(LoseWorker(worker_id=worker_id)))

    def _is_back(self, worker_id: WorkerId) -> bool:
        """Whether a worker is linked, be it through a door, or about to be.

        What it has is then for its join to say.
        """
        worker = self._engine.farm.state.workers.get(worker_id)
        if worker is None:
            return False
        return worker_id in self._links or worker.linked or worker.name in self._joining

    def perform(self, effects: Sequence[Effect]) -> None:
        """Pass on what the farm wants workers to do.

        What cannot be delivered is dropped: a worker that comes back says which runs it
        has, and the farm mends the rest.
        """
        for effect in effects:
            if isinstance(effect, DropFiles | WakeMachine):
                continue
            link = self._links.get(effect.worker_id)
            if link is not None:
                link.tell(message_of(effect))
            elif self._joining:  # its join is in the same batch: it is linked in a moment
                self._early.setdefault(effect.worker_id, []).append(message_of(effect))
        if not self._joining:
            self._early.clear()

    async def serve(self, socket: Socket, credential: CredentialRecord, address: str) -> None:
        """Hold one worker's connection until it ends.

        Args:
            socket: accepted; its credential was checked.
            credential: of a worker, good for its name alone; or the owner's, for any name.
            address: where the connection came from.
        """
        name = credential.name if credential.kind == "worker" else None
        try:
            async with asyncio.timeout(HELLO_TIMEOUT_S):
                first = await socket.receive()
            if first is None:
                return
            hello = decode_to_server(first)
        except (TimeoutError, WireError) as error:
            await socket.close(1002, str(error)[:CLOSE_TEXT_MAX])
            return
        if not isinstance(hello, wire.Hello):
            await socket.close(1002, "a connection begins with hello")
            return
        try:
            link = await self._admit(socket, hello, name, address)
        except Stopped as why:
            await socket.close(1012, str(why))
            return
        if link is not None:
            await self._hold(link)

    def cut(self, name: str) -> None:
        """End the connection of a worker whose credential was taken away."""
        worker_id = self._engine.farm.state.worker_names.get(name)
        link = None if worker_id is None else self._links.get(worker_id)
        if link is not None:
            link.gone.set()

    async def _admit(
        self, socket: Socket, hello: wire.Hello, name: str | None, address: str
    ) -> Link | None:
        """Let a worker join, or tell it why not."""
        if not wire.VERSION_MIN <= hello.version <= wire.VERSION:
            text = (
                f"protocol {hello.version}; this server speaks {wire.VERSION}: update the worker"
            )
            await self._refuse(socket, "version", text, 0.0)
            return None
        if name is not None and hello.name != name:
            text = f"this credential is of worker {name!r}, not {hello.name!r}"
            await self._refuse(socket, "name-taken", text, 0.0)
            return None
        if hello.name in self._joining:
            text = f"a worker named {hello.name!r} is joining already"
            await self._refuse(socket, "name-taken", text, RETRY_S)
            return None
        replaced = self._replace_link(hello)
        self._joining.add(hello.name)
        try:
            joined = await self._engine.do(join_command(hello, address))
        except Rejected as why:
            if replaced is not None:
                await self._tell_farm(UnlinkWorker(worker_id=replaced))
            await self._refuse(socket, why.code, str(why), RETRY_S)
            return None
        finally:
            self._joining.discard(hello.name)
        assert isinstance(joined, Joined)
        clocks = self._clocks_of(self._engine.farm.state.workers[joined.worker_id])
        granted = self._missing.pop(joined.worker_id, 0.0)
        link = Link(joined.worker_id, socket, hello.version, clocks, granted)
        link.heard = self._monotonic()
        link.tell(self._welcome(joined, hello, clocks))
        for message in self._told_early(joined.worker_id):
            link.tell(message)
        self._links[joined.worker_id] = link
        return link

    def _told_early(self, worker_id: WorkerId) -> Iterator[wire.ToWorker]:
        """What a worker was told while it joined, but for runs that its join gave back."""
        worker = self._engine.farm.state.workers[worker_id]
        for message in self._early.pop(worker_id, ()):
            if not isinstance(message, wire.Start) or message.run.run_id in worker.runs:
                yield message

    def _clocks_of(self, worker: Worker) -> Clocks:
        return clocks_of(self._engine.farm.state.pool_chain(worker.pool), self._clocks)

    def _welcome(self, joined: Joined, hello: wire.Hello, clocks: Clocks) -> wire.Welcome:
        offsets: dict[int, int] = {}
        for run_id in (*hello.runs, *hello.ended):
            run = self._engine.farm.state.runs.get(run_id)
            if run is not None:
                offsets[run_id] = self._shelf.size(run.job_id, run_id)
        return wire.Welcome(
            version=hello.version,
            worker_id=joined.worker_id,
            lease_s=clocks.worker_lease_s,
            heartbeat_s=clocks.heartbeat_s,
            resources_s=clocks.resources_s,
            log_offsets=offsets,
        )

    def _replace_link(self, hello: wire.Hello) -> WorkerId | None:
        """End an older connection of the same worker, be it of an earlier life; whose it was."""
        state = self._engine.farm.state
        worker_id = state.worker_names.get(hello.name)
        old = None if worker_id is None else self._links.get(worker_id)
        if old is None or not is_same(state.workers[old.worker_id], hello.boot_id, hello.home):
            return None
        self._missing[old.worker_id] = self._links.pop(old.worker_id).until
        old.gone.set()
        return old.worker_id

    async def _refuse(self, socket: Socket, code: str, text: str, retry_s: float) -> None:
        await socket.send(encode(wire.Refused(code=code, message=text, retry_s=retry_s)))
        await socket.close(1008, code)

    async def _hold(self, link: Link) -> None:
        code, reason = 1000, ""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._send(link)),
                    group.create_task(self._receive(link)),
                ]
                await link.gone.wait()
                for task in tasks:
                    task.cancel()
        except* WireError as errors:
            code, reason = 1002, str(_first(errors))[:CLOSE_TEXT_MAX]
        except* (ConnectionError, Rejected, Stopped):
            pass  # a broken peer, one that was deleted, or an end of ours: the link is over
        finally:
            await self._drop(link)
            await link.socket.close(code, reason)

    async def _drop(self, link: Link) -> None:
        if self._links.get(link.worker_id) is link:
            del self._links[link.worker_id]
            self._telemetry.forget(link.worker_id)
            if link.left:
                await self._tell_farm(LoseWorker(worker_id=link.worker_id, reason="it stopped"))
            else:
                self._missing[link.worker_id] = link.until
                await self._tell_farm(UnlinkWorker(worker_id=link.worker_id))

    async def _tell_farm(self, command: Command) -> None:
        with suppress(Rejected, Stopped):  # the worker has changed meanwhile, or we end
            await self._engine.do(command)

    async def _send(self, link: Link) -> None:
        try:
            await link.socket.send(encode(await link.outbox.get()))  # the welcome, by itself
            while True:
                messages = [encode(await link.outbox.get())]
                size = len(messages[0])
                while len(messages) < link.pack_max and size < PACK_BYTES and link.outbox.qsize():
                    messages.append(encode(link.outbox.get_nowait()))
                    size += len(messages[-1])
                await link.socket.send(pack(messages))
        finally:
            link.gone.set()

    async def _receive(self, link: Link) -> None:
        try:
            while not link.left and (data := await link.socket.receive()) is not None:
                link.heard = self._monotonic()
                for message in unpack_to_server(data):
                    if isinstance(message, wire.Ended):
                        await self._ended(link, message)
                    elif isinstance(message, wire.Bye):
                        link.left = True
                    else:
                        await self._hear(link, message)
            await link.all_taken()
        finally:
            link.gone.set()

    async def _hear(self, link: Link, message: Any) -> None:
        match message:
            case wire.Log():
                self._keep_log(link, message)
            case wire.Picture():
                self._take_picture(link, message)
            case wire.Beat():
                await self._beat(link, message)
            case wire.Examined():
                faults = tuple(text[:TEXT_MAX] for text in message.faults[:FAULTS_MAX])
                await self._engine.do(NoteHealth(worker_id=link.worker_id, faults=faults))
            case wire.FramesDone():
                await self._engine.do(
                    NoteFrames(
                        worker_id=link.worker_id, run_id=message.run_id, count=message.count
                    )
                )
            case _:
                raise WireError(f"{type(message).__name__} is out of place")

    async def _ended(self, link: Link, message: wire.Ended) -> None:
        """Have a result booked; it is acknowledged when it is on disk."""
        if message.whole and message.run_id in link.refused:
            return  # it comes again, after its log
        run = self._engine.farm.state.runs.get(message.run_id)
        if run is not None and run.worker_id == link.worker_id:
            link.note_end(run)
        result = clipped(message.result)
        command = EndRun(worker_id=link.worker_id, run_id=message.run_id, result=result)
        await link.room_for_result()
        link.await_booking(message.run_id, await self._engine.post(command))

    def _keep_log(self, link: Link, message: wire.Log) -> None:
        job_id = link.job_of(message.run_id, self._engine.farm.state.runs.get(message.run_id))
        whole = message.offset + len(message.data)
        if job_id is None:
            end = whole  # superseded: say that we have it
        else:
            try:
                end = self._shelf.append(job_id, message.run_id, message.offset, message.data)
            except LogNotKept:
                end = self._shelf.size(job_id, message.run_id)
            if end == whole:
                self._log_grew(job_id, message.run_id, message.offset, message.data)
        link.note_kept(message.run_id, kept=end >= whole)
        link.tell(wire.LogAck(run_id=message.run_id, offset=end, again=end < whole))

    def _take_picture(self, link: Link, message: wire.Picture) -> None:
        """Pass a thumbnail on; one of a run that is over for long, or deleted, is dropped."""
        job_id = link.job_of(message.run_id, self._engine.farm.state.runs.get(message.run_id))
        if job_id is not None and job_id in self._engine.farm.state.jobs:
            self._show(job_id, message.run_id, message.name, message.data)

    async def _beat(self, link: Link, beat: wire.Beat) -> None:
        worker = self._engine.farm.state.workers.get(link.worker_id)
        if worker is None:
            link.gone.set()
        else:
            link.renew(beat.number, self._clocks_of(worker))
            await self._telemetry.take(link, worker, beat)


def _first(errors: BaseExceptionGroup[Exception]) -> BaseException:
    """The first error of nested groups."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
