"""Composition root: the only module that names concrete classes and the real clock."""

from __future__ import annotations

import asyncio
import gc
import getpass
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from grange.core.check import faults
from grange.core.effects import DropFiles, Effect, WakeMachine
from grange.core.events import Event
from grange.core.farm import Farm
from grange.core.records import Changes
from grange.doors.afanasy.door import AfanasyDoor
from grange.doors.afanasy.opening import open_door
from grange.doors.afanasy.renders.renders import Renders
from grange.doors.native.door import native_door
from grange.doors.native.parts import Joining, Parts
from grange.doors.pyfarm import routes as pyfarm
from grange.model.unreadable import UNREADABLE
from grange.plugins.host import known
from grange.plugins.path_rules import path_map, platform_of
from grange.server import identity
from grange.server.auth import Gate
from grange.server.clocks import Clocks
from grange.server.config import BadSetting, Settings, load
from grange.server.credentials import Keyring
from grange.server.doctor import Doctor
from grange.server.engine import Engine
from grange.server.feed import Feed
from grange.server.gauges import Gauges
from grange.server.guard import Guard
from grange.server.hooks import Hooks
from grange.server.http import CannotListen, Listener, raise_file_limit
from grange.server.links import Links
from grange.server.loop import run
from grange.server.page import Page
from grange.server.pictures import Pictures
from grange.server.secret import ADMIN_ID
from grange.server.sessions import Sessions
from grange.server.settled import Settled
from grange.server.state_dir import StateDir, StateDirUnsafe, Whereabouts
from grange.server.views import Views
from grange.server.wake import wake
from grange.store.files import Shelf
from grange.store.pictures import Album
from grange.store.sql import SqlStore, open_store
from grange.store.store import AuditRecord, StoreError
from grange.worker import beside
from grange.worker.account import task_account
from grange.worker.config import WorkerConfig
from grange.worker.errors import WorkerCannotRun

SWITCH_S = 0.0005  # seconds a thread keeps the interpreter: the store's waits are short
GARBAGE = (50_000, 20, 100)  # when to look for cycles: seldom, for the farm makes hardly any
FILES_WANTED = 65_536  # open files: one a connection, and logs
READERS = 4  # threads that read logs and history

log = logging.getLogger("grange")
Ready = Callable[[Whereabouts, str], None]  # where the server is, and a one-time login address


class FarmServer:
    """One server: the farm, its store, its doors.

    Args:
        settings: how it runs.
        folder: the state folder, prepared.
        store: open; nobody else's.
    """

    def __init__(self, settings: Settings, folder: StateDir, store: SqlStore) -> None:
        self._settings = settings
        self._folder = folder
        self._store = store
        self._writer = ThreadPoolExecutor(1, "store")
        self._readers = ThreadPoolExecutor(READERS, "reader")
        self._filing = ThreadPoolExecutor(1, "files")  # keeps thumbnails, drops jobs
        self._shelf = Shelf(settings.state_dir)
        self._album = Album(settings.state_dir)
        services = frozenset((*known(settings.plugin_folders), *settings.services_extra))
        self.farm = Farm.restore(store.load(), time.time(), services)
        self.farm.go_beyond(self._shelf.last_run())  # a back-up may be older than the logs
        for fault in faults(self.farm.state):
            log.error("a stored invariant is broken: %s", fault)
        self._gauges = Gauges()
        self.engine = Engine(
            self.farm,
            commit=self._commit,
            perform=self._perform,
            publish=self._publish,
            clock=time.time,
        )
        self._views = Views(self.farm, self._gauges, store, time.time)
        self._hooks = Hooks(settings.event_commands, self.farm, self._views, time.time)
        self._feed = Feed(
            self.farm,
            self._views,
            start=time.time_ns() // 1_000,
            settled=self.engine.settled,
        )
        self._pictures = Pictures(self._album, self._filing)
        self._links = Links(
            self.engine,
            self._gauges,
            self._shelf,
            log_grew=self._feed.log_grew,
            show=self._pictures.take,
            touched=self._feed.touched,
            clocks=Clocks(
                lease_s=settings.lease_s,
                worker_lease_s=settings.worker_lease_s,
                heartbeat_s=settings.heartbeat_s,
                resources_s=settings.resources_s,
            ),
            monotonic=time.monotonic,
        )
        keyring = Keyring(store, time.time)
        keyring.load()
        self._owner = getpass.getuser()
        keyring.ensure_admin(folder.admin_secret(), self._owner)
        self._sessions = Sessions(folder.farm_key(), settings.session_s, time.time)
        self._gate = Gate(keyring, self._sessions, time.monotonic)
        self._afanasy: AfanasyDoor | None = None  # once it is open

    async def _commit(self, changes: Changes, audit: Sequence[AuditRecord]) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writer, self._store.commit, changes, audit)

    async def _audit(self, record: AuditRecord) -> None:
        await self._commit(Changes(), [record])

    def _perform(self, effects: Sequence[Effect]) -> None:
        self._links.perform(effects)
        if self._afanasy is not None:
            self._afanasy.perform(effects)
        for effect in effects:
            if isinstance(effect, DropFiles):
                self._filing.submit(self._shelf.drop_job, effect.job_id)
            elif isinstance(effect, WakeMachine):
                self._readers.submit(wake, effect.macs, self._settings.wake_addresses)

    def _publish(self, events: Sequence[Event]) -> None:
        self._gauges.forget(events)
        self._feed.publish(events)
        self._hooks.publish(events)
        if self._afanasy is not None:
            self._afanasy.publish(events)

    def _parts(self, port: int, mark: str) -> Parts:
        """What the doors stand before."""
        settings = self._settings
        return Parts(
            engine=self.engine,
            views=self._views,
            gate=self._gate,
            logs=self._shelf,
            album=self._album,
            reading=self._readers,
            doctor=Doctor(self.farm, settings.state_dir),
            links=self._links,
            feed=self._feed,
            page=Page.of_package(),
            joining=Joining(
                host=settings.address,
                port=port,
                fingerprint=mark,
                code_s=settings.join_code_s,
                accept=settings.worker_accept,
            ),
            audit=self._audit,
            clock=time.time,
        )

    def _door(self, parts: Parts) -> Guard:
        """The native door behind its guard."""
        settings = self._settings
        return Guard(
            Settled(native_door(parts, more=pyfarm.ROUTES), self.engine.settled),
            hosts=identity.names(settings, settings.listen),
            origins=settings.allowed_origins,
            body_max_bytes=settings.body_max_bytes,
        )

    def _open_afanasy(self, parts: Parts) -> AfanasyDoor | None:
        """The door for clients of Afanasy, its port taken."""
        settings = self._settings
        hosts = identity.names(settings, settings.afanasy_listen)
        nodes = Renders(
            self.engine,
            self._gauges,
            self._shelf,
            log_grew=self._feed.log_grew,
            show=self._pictures.take,
            touched=self._feed.touched,
            monotonic=time.monotonic,
        )
        return open_door(
            parts, self._gauges, settings, nodes=nodes, hosts=hosts, monotonic=time.monotonic
        )

    def login_address(self, url: str) -> str:
        """A one-time address that signs a browser in."""
        return self._gate.login_link(url, ADMIN_ID, self._owner)

    async def run(self, stop: asyncio.Event, ready: Ready) -> None:
        """Serve until told to stop.

        Raises:
            StoreBroken: a commit failed; only a restart from the disk is safe.
            CannotListen: the address is taken.
        """
        settings = self._settings
        tls, mark = identity.certificate(settings, self._folder)
        listener = Listener(
            host=settings.listen,
            port=settings.port,
            tls=tls,
            connections_max=settings.connections_max,
            stop_max_s=settings.stop_max_s,
        )
        parts = self._parts(listener.port, mark)
        door = self._door(parts)
        afanasy = self._afanasy = self._open_afanasy(parts)
        where = Whereabouts(
            url=listener.url,
            fingerprint=mark,
            pid=os.getpid(),
            afanasy=afanasy.address if afanasy is not None else "",
        )
        try:
            async with asyncio.TaskGroup() as group:
                engine = group.create_task(self.engine.run())
                links = group.create_task(self._links.run())
                serving = [group.create_task(listener.run(door))]
                if afanasy is not None:
                    serving.append(group.create_task(afanasy.run()))
                await listener.ready.wait()
                self._folder.announce(where)
                ready(where, self.login_address(listener.url))
                await stop.wait()
                listener.stop()
                if afanasy is not None:
                    afanasy.stop()
                await asyncio.gather(*serving)
                links.cancel()
                engine.cancel()
        finally:
            self._folder.withdraw()
            for threads in (self._readers, self._filing):
                threads.shutdown(wait=False, cancel_futures=True)
            self._writer.shutdown(wait=True)
            self._shelf.close()


def database_url(settings: Settings, folder: StateDir) -> str:
    """Where the farm's state is kept."""
    return settings.database or f"sqlite:///{folder.database}"


async def _serve(settings: Settings, ready: Ready, stop: asyncio.Event) -> None:
    raise_file_limit(FILES_WANTED)
    sys.setswitchinterval(SWITCH_S)
    folder = StateDir.prepare(settings.state_dir)
    store = open_store(database_url(settings, folder))
    try:
        server = FarmServer(settings, folder, store)
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        await server.run(stop, ready)
    finally:
        store.close()


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)


def run_server(settings: Settings, ready: Ready) -> None:
    """Run a server until SIGTERM or Ctrl-C.

    Args:
        settings: how.
        ready: told when it listens.

    Raises:
        StoreError, CannotListen, StateDirUnsafe: it cannot run; the text says why.
    """

    async def main() -> None:
        stop = asyncio.Event()
        _stop_on_signals(stop)
        await _serve(settings, ready, stop)

    run(main)


def local_worker(settings: Settings, where: Whereabouts, folder: StateDir) -> WorkerConfig:
    """The configuration of the worker that runs beside its server."""
    return WorkerConfig(
        server=where.url.replace("http", "ws", 1),
        state_folder=settings.state_dir / "worker",
        credential=folder.admin_secret(),
        fingerprint=where.fingerprint,
        user=getpass.getuser(),
        run_as=settings.worker_run_as,
        allow_root=settings.worker_allow_root,
        plugin_folders=settings.plugin_folders,
        path_map=path_map(settings.path_map, platform_of(sys.platform)).pairs,
        machine=settings.machine,
    )


def run_up(settings: Settings, ready: Ready) -> None:
    """Run a server and a worker beside it until SIGTERM or Ctrl-C.

    Raises:
        StoreError, CannotListen, StateDirUnsafe: it cannot run; the text says why.
        WorkerCannotRun: by policy; better no farm than one that never renders.
    """
    task_account(settings.worker_run_as, allow_root=settings.worker_allow_root)

    async def main() -> None:
        asked, stop = asyncio.Event(), asyncio.Event()
        _stop_on_signals(asked)
        found: asyncio.Queue[Whereabouts] = asyncio.Queue()

        def tell(where: Whereabouts, login: str) -> None:
            found.put_nowait(where)
            ready(where, login)

        async with asyncio.TaskGroup() as group:
            serving = group.create_task(_serve(settings, tell, stop))
            where = await found.get()
            folder = StateDir(settings.state_dir)
            config = local_worker(settings, where, folder)
            group.create_task(_beside(config, asked, stop))
            await serving

    run(main)


async def _beside(config: WorkerConfig, asked: asyncio.Event, stop: asyncio.Event) -> None:
    """Keep the worker until asked to leave; the server stops after it."""
    await beside.keep((sys.executable, "-m", "grange.worker"), config, asked)
    stop.set()


def main() -> int:
    """Run a server with its worker, as a process that another program of ours has started.

    What it is told comes in by standard input, as JSON: the settings.
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    said = sys.stdin.buffer.read()
    try:
        run_up(load(msgspec.json.decode(said, type=dict[str, Any])), _print_login)
    except (WorkerCannotRun, StoreError, CannotListen, StateDirUnsafe, BadSetting) as why:
        log.error("%s", why)  # noqa: TRY400  # a sentence for people
        return 1
    except UNREADABLE as why:  # who started us has died at it
        log.error("what was said by standard input cannot be read: %s", why)  # noqa: TRY400
        return 1
    return 0


def _print_login(_: Whereabouts, login: str) -> None:
    sys.stdout.write(f"{login}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
