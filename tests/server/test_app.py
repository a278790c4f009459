"""A server put together: how it begins, how it ends, and how it says what is wrong."""

from __future__ import annotations

import asyncio
import io
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import httpx
import msgspec
import pytest

from grange import app
from grange.core.records import Changes
from grange.plugins.path_rules import PathMapSettings
from grange.server import loop
from grange.server.config import Settings
from grange.server.http import CannotListen
from grange.server.state_dir import StateDir, Whereabouts
from grange.store.sql import SqlStore, open_store
from grange.store.store import AuditRecord, StoreBroken
from grange.worker.__main__ import main as worker_main

PATIENCE_S = 30.0
JOB = {"name": "job", "blocks": [{"command": ["true"], "frames": "1"}]}


def settings_in(folder: Path) -> Settings:
    return Settings(state_dir=folder / "farm", port=0)


async def served(
    settings: Settings, store: SqlStore, visit: Callable[[httpx.AsyncClient], Awaitable[None]]
) -> None:
    """Serve a farm from a store while somebody visits it."""
    folder = StateDir.prepare(settings.state_dir)
    stop = asyncio.Event()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def tell(where: Whereabouts, login: str) -> None:
        assert login.startswith(f"{where.url}/login/")
        ready.set_result(where.url)

    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        server = app.FarmServer(settings, folder, store)
        group.create_task(server.run(stop, tell))
        headers = {"Authorization": f"Bearer {folder.admin_secret()}"}
        url = await ready
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
            await visit(client)
        stop.set()


def test_what_one_server_took_the_next_one_has(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)

    async def submit(client: httpx.AsyncClient) -> None:
        assert (await client.post("/api/v1/jobs", json=JOB)).status_code in (200, 201)

    async def look(client: httpx.AsyncClient) -> None:
        jobs = (await client.get("/api/v1/jobs")).json()["jobs"]
        assert [job["name"] for job in jobs] == ["job"]

    for visit in (submit, look):
        store = open_store(f"sqlite:///{tmp_path / 'farm.db'}")
        asyncio.run(served(settings, store, visit))
        store.close()
    assert not (settings.state_dir / "server.json").exists()


def test_clients_of_afanasy_are_served_at_the_address_that_is_announced(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    said = []

    async def ask(client: httpx.AsyncClient) -> None:
        where = msgspec.json.decode(
            (settings.state_dir / "server.json").read_bytes(), type=Whereabouts
        )
        host, _, port = where.afanasy.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b'AFANASY 23 JSON{"get":{"type":"jobs"}}')
        said.append(await reader.read())
        writer.close()

    store = open_store(f"sqlite:///{tmp_path / 'farm.db'}")
    asyncio.run(served(settings, store, ask))
    store.close()
    assert said == [b'AFANASY 11 JSON{"jobs":[]}']


def test_a_port_that_was_asked_for_in_vain_is_said(tmp_path: Path) -> None:
    async def visit(_: httpx.AsyncClient) -> None:
        raise AssertionError("it serves")

    store = open_store(f"sqlite:///{tmp_path / 'farm.db'}")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        settings = msgspec.structs.replace(settings_in(tmp_path), afanasy_port=port)
        with pytest.raises(BaseExceptionGroup) as caught:
            asyncio.run(served(settings, store, visit))
    assert "afanasy_port" in str(loop.told(caught.value))
    store.close()


def test_a_store_that_breaks_ends_the_server_and_nothing_is_answered(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'farm.db'}")
    answers: list[int] = []

    def broken(changes: Changes, audit: Sequence[AuditRecord] = ()) -> None:
        raise StoreBroken("disk full")

    async def submit(client: httpx.AsyncClient) -> None:
        store.commit = broken  # type: ignore[method-assign]  # the disk fills up
        try:
            answers.append((await client.post("/api/v1/jobs", json=JOB)).status_code)
        except httpx.TransportError:
            answers.append(0)
        await asyncio.Event().wait()

    with pytest.raises(BaseExceptionGroup) as caught:
        asyncio.run(served(settings_in(tmp_path), store, submit))
    assert isinstance(loop.told(caught.value), StoreBroken)
    assert answers in ([], [0], [503])
    assert not (tmp_path / "farm" / "server.json").exists()
    assert store.load().records == []
    store.close()


def test_what_people_are_to_read_comes_out_of_the_group() -> None:
    async def listen() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(refuse())

    async def refuse() -> None:
        raise CannotListen("port 7420 is taken")

    with pytest.raises(CannotListen, match="taken"):
        loop.run(listen)


def test_a_fault_of_ours_comes_out_as_it_is() -> None:
    async def fault() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(broken())

    async def broken() -> None:
        raise KeyError("a bug")

    with pytest.raises(BaseExceptionGroup):
        loop.run(fault)


def test_the_worker_beside_a_server_knows_it_by_the_certificate_it_shows(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    folder = StateDir.prepare(settings.state_dir)
    where = Whereabouts(url="https://127.0.0.1:7420", fingerprint="ab" * 32, pid=1)
    config = app.local_worker(settings, where, folder)
    assert (config.server, config.fingerprint) == ("wss://127.0.0.1:7420", "ab" * 32)
    assert config.credential == folder.admin_secret()


def test_the_worker_beside_a_server_has_the_path_map_of_its_settings(tmp_path: Path) -> None:
    rules = PathMapSettings(all=(("/prj", "/mnt/prj"),))
    settings = msgspec.structs.replace(settings_in(tmp_path), path_map=rules)
    folder = StateDir.prepare(settings.state_dir)
    where = Whereabouts(url="http://127.0.0.1:7420", pid=1)
    config = app.local_worker(settings, where, folder)
    assert config.paths.to_client("/mnt/prj/a") == "/prj/a"


@pytest.mark.parametrize("main", [app.main, worker_main], ids=["server", "worker"])
@pytest.mark.parametrize("said", [b"", b"{", b"[]", b'{"lease": 3}'])
def test_what_it_is_told_is_checked(
    main: Callable[[], int],
    said: bytes,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(said)))
    assert main() == 1
    assert len(caplog.records) == 1
    assert caplog.records[0].exc_info is None


_LOADED = """
import sys

from grange import app
from grange.server.config import load

settings = load({"state_dir": sys.argv[1], "port": 0}, {})
folder = app.StateDir.prepare(settings.state_dir)
store = app.open_store(app.database_url(settings, folder))
server = app.FarmServer(settings, folder, store)
server._door(server._parts(7420, ""))
store.close()
print(sorted({"alembic", "pydantic", "grange.cli", "httpx", "rich"} & sys.modules.keys()))
"""


def test_a_new_server_loads_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    done = subprocess.run(
        (sys.executable, "-c", _LOADED, str(tmp_path / "farm")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
