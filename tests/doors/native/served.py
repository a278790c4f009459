"""A farm that is served for a test: everything real, over real sockets, in a thread."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from grange.core.farm import Farm
from grange.core.records import Changes
from grange.doors.native.door import native_door
from grange.doors.native.parts import Joining, Parts
from grange.doors.pyfarm import routes as pyfarm
from grange.model.states import Role
from grange.server.auth import Gate
from grange.server.clocks import Clocks
from grange.server.credentials import Keyring
from grange.server.doctor import Doctor
from grange.server.engine import Engine
from grange.server.feed import Feed
from grange.server.gauges import Gauges
from grange.server.guard import Guard
from grange.server.http import Listener, Tls
from grange.server.links import Links
from grange.server.page import Page
from grange.server.sessions import Sessions
from grange.server.state_dir import StateDir
from grange.server.views import Views
from grange.store.files import Shelf
from grange.store.pictures import Album
from grange.store.sql import open_store
from grange.store.store import AuditRecord

BODY_MAX = 100_000  # bytes
START_MAX_S = 30.0  # also of one request
OWNER = "owner"  # whom the token file belongs to
FARM_KEY = b"k" * 32

T = TypeVar("T")


@dataclass(frozen=True)
class How:
    """How a farm is served."""

    tls: bool = False
    accept: bool = False  # whether a join code is enough
    host: str = "farm.test"
    page: Page | None = None  # None the package's own


class Served:
    """A farm and its one listener."""

    def __init__(self, folder: Path, how: How) -> None:
        self.folder = StateDir.prepare(folder / "state")
        self.admin = self.folder.admin_secret()
        self.farm = Farm()
        self.skew = 0.0  # seconds by which the farm's clock is ahead
        self.shelf = Shelf(folder)
        self.album = Album(folder)
        self._how = how
        self._store = open_store(f"sqlite:///{folder / 'farm.db'}")
        self._writer = ThreadPoolExecutor(1)
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()

    def now(self) -> float:
        return time.time() + self.skew  # noqa: TID251 (the clock of a served farm)

    def call(self, work: Awaitable[T]) -> T:
        """Await something in the server's loop."""

        async def run() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(START_MAX_S)

    def client(self, token: str | None = None, **headers: str) -> httpx.Client:
        """A client that shows a token; the owner's unless another, or "", is given."""
        shown = self.admin if token is None else token
        if shown:
            headers["Authorization"] = f"Bearer {shown}"
        trusted = str(self.folder.certificate) if self._how.tls else None
        return httpx.Client(
            base_url=f"{self.listener.url}/api/v1",
            headers=headers,
            verify=ssl.create_default_context(cafile=trusted) if trusted else True,
            trust_env=False,
            timeout=START_MAX_S,
        )

    def token(self, name: str, role: Role) -> str:
        """A new token."""
        return self.call(self.keyring.issue(name, role))[1]

    def run(self) -> None:
        """Serve until stopped."""
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self.listener.stop)

    def started(self) -> None:
        assert self._up.wait(START_MAX_S)

    def engine_for(self, publish: Callable[..., None], perform: Callable[..., None]) -> Engine:
        return Engine(
            self.farm, commit=self._commit, perform=perform, publish=publish, clock=self.now
        )

    async def _commit(self, changes: Changes, audit: Sequence[AuditRecord]) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writer, self._store.commit, changes, audit)

    async def _serve(self) -> None:
        gauges = Gauges()
        self.views = Views(self.farm, gauges, self._store, self.now)
        feed = Feed(self.farm, self.views, start=1, settled=lambda: self.engine.settled())
        self.engine = self.engine_for(feed.publish, lambda effects: links.perform(effects))
        links = Links(
            self.engine,
            gauges,
            self.shelf,
            log_grew=feed.log_grew,
            show=lambda *_: None,
            touched=feed.touched,
            clocks=Clocks(),
            monotonic=time.monotonic,
        )
        self.keyring = Keyring(self._store, self.now)
        self.keyring.load()
        self.keyring.ensure_admin(self.admin, OWNER)
        sessions = Sessions(FARM_KEY, 3_600, self.now)
        pin = self.folder.ensure_certificate([]) if self._how.tls else ""
        self.gate = Gate(self.keyring, sessions, time.monotonic)
        reading = ThreadPoolExecutor(2)
        parts = Parts(
            engine=self.engine,
            views=self.views,
            gate=self.gate,
            logs=self.shelf,
            album=self.album,
            reading=reading,
            doctor=Doctor(self.farm, self.folder.path),
            links=links,
            feed=feed,
            page=self._how.page or Page.of_package(),
            joining=Joining(
                host=self._how.host,
                port=7420,
                fingerprint=pin,
                code_s=600,
                accept=self._how.accept,
            ),
            audit=lambda record: self._commit(Changes(), (record,)),
            clock=self.now,
        )
        guard = Guard(
            native_door(parts, more=pyfarm.ROUTES), hosts=(), origins=(), body_max_bytes=BODY_MAX
        )
        tls = Tls(self.folder.certificate, self.folder.certificate_key) if self._how.tls else None
        self.listener = Listener(host="127.0.0.1", port=0, tls=tls, stop_max_s=1)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(self.engine.run())
            serving = group.create_task(self.listener.run(guard))
            await self.listener.ready.wait()
            self._up.set()
            await serving
            running.cancel()
        self.shelf.close()
        self._store.close()
        self._writer.shutdown()
        reading.shutdown()


@contextmanager
def served(folder: Path, **how: Any) -> Iterator[Served]:
    """Serve a farm; see `How`."""
    farm = Served(folder, How(**how))
    thread = threading.Thread(target=farm.run)
    thread.start()
    try:
        farm.started()
        yield farm
    finally:
        farm.stop()
        thread.join(START_MAX_S)
