"""What tasks do to a machine: each does its worst, through a whole worker, with real processes.

None of it outlives its run, takes the machine with it, or hurts the run beside it.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from grange.model.machine import MachineSettings
from grange.model.states import RunStatus
from grange.worker import procfs
from grange.worker.config import WorkerConfig, to_json
from tests.worker.build import a_run
from tests.worker.kennel import exists
from tests.worker.server import FarmServer
from tests.worker.site import Site, working
from tests.worker.test_daemon import RealPlugins

pytestmark = pytest.mark.anyio

MB = 1024 * 1024


@pytest.fixture
async def site(server: FarmServer, tmp_path: Path) -> AsyncIterator[Site]:
    async with working(server, tmp_path, RealPlugins()) as site:
        yield site


async def pid_in(file: Path) -> int:
    """Wait until a task has written a number."""
    async with asyncio.timeout(20):
        while not (file.exists() and file.read_text().endswith("\n")):  # noqa: ASYNC110, ASYNC240
            await asyncio.sleep(0.01)  # (no event tells of a foreign process)
    return int(file.read_text())  # noqa: ASYNC240


ESCAPES = {
    "a child in a session of its own": "setsid sh -c 'echo $$ > {pid}; exec sleep 1000' &",
    "a daemon that forked twice": "(setsid sh -c 'sleep 1000 & echo $! > {pid}; wait' &)",
    "one that hides its environment": "(env -i setsid sh -c 'echo $$ > {pid}; exec sleep 1000' &)",
    "one that ignores TERM and HUP": '(setsid sh -c \'trap "" TERM HUP; echo $$ > {pid};'
    " while :; do sleep 1; done' &)",
    "one that is stopped": "(setsid sh -c 'echo $$ > {pid}; kill -STOP $$; sleep 1000' &)",
}


@pytest.mark.parametrize("line", ESCAPES.values(), ids=ESCAPES.keys())
@pytest.mark.parametrize("how", ["ended", "stopped"])
async def test_what_a_task_leaves_behind_dies_with_its_run(
    server: FarmServer, site: Site, tmp_path: Path, line: str, how: str
) -> None:
    file = tmp_path / "pid"
    wait = f"until [ -s {file} ]; do sleep 0.01; done"
    more = "" if how == "ended" else "; sleep 1000"
    await server.start(a_run(command=f"{line.format(pid=file)}\n{wait}{more}"))
    pid = await pid_in(file)
    if how == "stopped":
        await server.stop()
    assert (await server.result()).status is (
        RunStatus.DONE if how == "ended" else RunStatus.STOPPED
    )
    assert not exists(pid)


async def test_one_that_ignores_every_signal_it_can_is_ended_by_force(
    server: FarmServer, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grange.worker.runs.ASK_S", 0.2)
    code = (
        "import signal, time\n"
        "for number in signal.valid_signals() - {9, 19}:\n"
        "    try: signal.signal(number, signal.SIG_IGN)\n"
        "    except (OSError, ValueError): pass\n"
        "print('deaf', flush=True)\n"
        "while True: time.sleep(1000)"
    )
    await server.start(a_run(command=(sys.executable, "-c", code)))
    await server.printed(b"deaf")
    await server.stop()
    result = await server.result()
    assert (result.status, result.signal) == (RunStatus.STOPPED, signal.SIGKILL)


#: Doubles until there are 2,000, half of them in sessions of their own, and waits: a test that
#: fails must not take the machine with it.
BOMB = """
b() {
    [ $1 -gt 0 ] || exec sleep 1000
    b $(($1 - 1)) &
    setsid sh -c 'sleep 1000' &
    b $(($1 - 1)) &
    wait
}
echo up; b 9
"""


async def test_a_fork_bomb_is_ended_at_its_limit_and_the_run_beside_it_goes_on(
    server: FarmServer, tmp_path: Path
) -> None:
    machine = MachineSettings(task_processes_max=60)
    gate = tmp_path / "gate"
    gentle = f"until [ -e {gate} ]; do sleep 0.05; done; echo fine"
    async with working(server, tmp_path, RealPlugins(), machine=machine) as site:
        await server.start(a_run(2, command=gentle))
        await server.start(a_run(1, command=BOMB))
        result = await server.result(1)
        assert "more processes at once" in result.message
        assert result.status is RunStatus.KILLED
        gate.touch()
        assert (await server.result(2)).status is RunStatus.DONE
        assert site.processes() == [site.warden()]
    assert server.logs[2] == b"fine\n"


async def test_a_fork_bomb_that_is_stopped_leaves_nothing(
    server: FarmServer, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grange.worker.runs.ASK_S", 0.2)
    slow = "b() { setsid sh -c 'sleep 0.01' & sleep 0.02; b; }; trap '' TERM; echo up; b & b"
    await server.start(a_run(command=slow))
    await server.printed(b"up")
    await server.stop()
    assert (await server.result()).status is RunStatus.STOPPED
    assert site.processes() == [site.warden()]


async def test_bytes_of_every_kind_are_kept_as_they_are(server: FarmServer, site: Site) -> None:
    code = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 400 + b'\\x1b[31mred\\x00end')"
    result = await server.execute(a_run(command=(sys.executable, "-c", code)))
    assert result.status is RunStatus.DONE
    assert server.logs[1] == bytes(range(256)) * 400 + b"\x1b[31mred\x00end"


# --- floods, into a worker that is a process of its own, so that its memory can be seen


@asynccontextmanager
async def apart(server: FarmServer, folder: Path) -> AsyncIterator[int]:
    """A worker process with the services that ship; gives its number."""
    config = WorkerConfig(
        server=server.url, state_folder=folder / "state", name="w1", allow_root=True
    )
    module = (sys.executable, "-m", "grange.worker")
    child = await asyncio.create_subprocess_exec(*module, stdin=subprocess.PIPE)
    assert child.stdin is not None
    child.stdin.write(to_json(config))
    child.stdin.close()
    try:
        await server.linked()
        yield child.pid
    finally:
        child.terminate()
        async with asyncio.timeout(30):
            await child.wait()


FLOOD_MB = 60  # as fast as pipes go, which is more than 100 MB/s where nothing holds it back
FLOODS = {
    "lines": f"yes 'Fra:1 Mem:20M | Rendering 1 / 64 samples' | head -c {FLOOD_MB * MB}",
    "no newline": f"head -c {1024 * MB} /dev/zero | tr '\\0' 'x'",
    "NUL bytes": f"head -c {FLOOD_MB * MB} /dev/zero",
    "noise": f"head -c {FLOOD_MB * MB} /dev/urandom",
}
GROWN_MAX = 120 * MB  # of the worker and of its warden, whatever a task prints


@pytest.mark.slow
@pytest.mark.timeout(600)  # on a machine that has much else to do
@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS.keys())
async def test_a_flood_is_bounded_in_memory_on_disk_and_on_the_wire(
    server: FarmServer, tmp_path: Path, flood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.worker.server.PATIENCE_S", 500.0)
    async with apart(server, tmp_path) as pid:
        await server.execute(a_run(1))  # everything that it needs is loaded
        before = procfs.peak_bytes(pid)
        await server.start(a_run(2, command=f"{flood}; echo; echo the end"))
        beside = await server.execute(a_run(3, command="echo fine"))
        result = await server.result(2)
        grown = procfs.peak_bytes(pid) - before
        kept = sum(path.stat().st_size for path in (tmp_path / "state").rglob("*"))
    assert result.status is beside.status is RunStatus.DONE
    assert server.logs[3] == b"fine\n"
    assert server.logs[2].endswith(b"the end\n")
    assert result.log_bytes == len(server.logs[2]) < 18 * MB
    assert grown < GROWN_MAX
    assert kept < 40 * MB


@pytest.mark.slow
async def test_a_flood_is_ended_when_its_run_is(server: FarmServer, tmp_path: Path) -> None:
    async with apart(server, tmp_path):
        await server.start(a_run(command="yes | tr -d '\\n'"))
        await server.printed(b"yyyy")
        await server.stop()
        result = await server.result()
    assert result.status is RunStatus.STOPPED
