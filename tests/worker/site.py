"""A worker at work for a server, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from grange.worker import procfs
from grange.worker.config import WorkerConfig
from grange.worker.daemon import run
from grange.worker.environment import WORKER_MARK
from grange.worker.gpus import Gpus
from grange.worker.plugin import Plugins
from tests.worker.fakes import PlainPlugins
from tests.worker.kennel import exists
from tests.worker.server import FarmServer


class Site:
    """A server and a worker's settings."""

    def __init__(self, server: FarmServer, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.leave = asyncio.Event()
        self.then: str | None = None

    def config(self, **more: object) -> WorkerConfig:
        plain: dict[str, object] = {
            "server": self.server.url,
            "state_folder": self.folder,
            "name": "w1",
            "allow_root": True,
        }
        return WorkerConfig(**(plain | more))  # type: ignore[arg-type]  # a test's own fields

    async def work(self, plugins: Plugins, gpus: Gpus | None = None, **more: object) -> None:
        self.then = await run(self.config(**more), plugins, self.leave, gpus)

    def processes(self) -> list[int]:
        """All processes of this worker: its warden and the tasks."""
        mark = (self.folder / "mark").read_text()
        return [pid for pid in procfs.marked(WORKER_MARK, mark) if exists(pid)]

    def warden(self) -> int:
        lines = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in self.processes()}
        return next(pid for pid, line in lines.items() if b"grange.worker.warden" in line)


@asynccontextmanager
async def working(
    server: FarmServer,
    folder: Path,
    plugins: Plugins | None = None,
    gpus: Gpus | None = None,
    **more: object,
) -> AsyncIterator[Site]:
    """A worker that has joined; it leaves at the end, and nothing of it is left."""
    site = Site(server, folder / "state")
    async with asyncio.TaskGroup() as group:
        task = group.create_task(site.work(plugins or PlainPlugins(), gpus, **more))
        await server.linked(len(server.hellos) + 1)
        yield site
        site.leave.set()
        async with asyncio.timeout(30):
            await asyncio.wait((task,))
    assert site.processes() == []
