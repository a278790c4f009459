"""A daemon that is killed leaves no process behind, and one that is stopped breaks no promise."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grange.model.states import RunStatus
from grange.worker import procfs
from grange.worker.config import WorkerConfig, to_json
from grange.worker.environment import WORKER_MARK
from tests.worker.build import a_run
from tests.worker.kennel import exists
from tests.worker.server import FarmServer

pytestmark = [pytest.mark.anyio, pytest.mark.crash]

STUBBORN = "trap '' TERM; sleep 1000 & wait"
TREE = f'setsid sleep 1000 & (setsid sh -c "{STUBBORN}" &); echo up; sleep 1000'


class Puppet:
    """A worker process, and all processes that bear its mark."""

    def __init__(self, server: FarmServer, folder: Path) -> None:
        self._config = WorkerConfig(
            server=server.url, state_folder=folder, name="w1", allow_root=True
        )
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> int:
        command = (sys.executable, "-m", "tests.worker.puppet", to_json(self._config).decode())
        self._processes.append(subprocess.Popen(command))
        return self._processes[-1].pid

    def wait(self) -> int:
        return self._processes[-1].wait(30)

    def marked(self) -> list[int]:
        mark = (self._config.state_folder / "mark").read_text()
        return [pid for pid in procfs.marked(WORKER_MARK, mark) if exists(pid)]

    def warden(self) -> int:
        lines = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in self.marked()}
        return next(pid for pid, line in lines.items() if b"grange.worker.warden" in line)

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


@pytest.fixture
def puppet(server: FarmServer, tmp_path: Path) -> Iterator[Puppet]:
    puppet = Puppet(server, tmp_path / "state")
    yield puppet
    puppet.close()


async def eventually(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 (no event tells of a foreign process)
            await asyncio.sleep(0.01)


async def test_a_killed_daemon_leaves_no_process(server: FarmServer, puppet: Puppet) -> None:
    pid = puppet.start()
    await server.linked()
    await server.start(a_run(command=TREE))
    await server.printed(b"up")
    os.kill(pid, signal.SIGKILL)
    began = asyncio.get_running_loop().time()
    await eventually(lambda: not puppet.marked())
    assert asyncio.get_running_loop().time() - began < 5  # a second, on a machine at rest


async def test_a_killed_daemon_and_its_warden_leave_no_process_to_the_next_daemon(
    server: FarmServer, puppet: Puppet
) -> None:
    pid = puppet.start()
    await server.linked()
    await server.start(a_run(command=TREE))
    await server.printed(b"up")
    before = set(puppet.marked())
    for victim in (pid, puppet.warden()):
        os.kill(victim, signal.SIGSTOP)
    for victim in (pid, puppet.warden()):
        os.kill(victim, signal.SIGKILL)
    puppet.start()
    await server.linked(2)
    assert not before & set(puppet.marked())
    assert server.hellos[1].runs == ()


async def test_a_daemon_stopped_for_longer_than_its_lease_runs_nothing(
    server: FarmServer, puppet: Puppet
) -> None:
    server.lease_s = 1.0
    pid = puppet.start()
    await server.linked()
    await server.start(a_run(command=TREE))
    await server.printed(b"up")
    os.kill(pid, signal.SIGSTOP)
    await eventually(lambda: len(puppet.marked()) == 1)  # the warden
    os.kill(pid, signal.SIGCONT)
    assert (await server.result()).status is RunStatus.LEASE_ENDED


async def test_a_term_signal_ends_the_runs_and_the_daemon(
    server: FarmServer, puppet: Puppet
) -> None:
    pid = puppet.start()
    await server.linked()
    await server.start(a_run(command="echo up; sleep 1000"))
    await server.printed(b"up")
    os.kill(pid, signal.SIGTERM)
    await server.until(lambda: server.left)
    assert server.results[1].status is RunStatus.LOST
    assert await asyncio.to_thread(puppet.wait) == 0
    assert puppet.marked() == []


async def test_a_second_signal_ends_the_daemon_at_once(server: FarmServer, puppet: Puppet) -> None:
    pid = puppet.start()
    await server.linked()
    await server.start(a_run(command="trap '' TERM; echo up; while :; do sleep 0.1; done"))
    await server.printed(b"up")
    os.kill(pid, signal.SIGINT)
    await eventually(lambda: handled(pid, signal.SIGINT))
    os.kill(pid, signal.SIGINT)
    assert await asyncio.to_thread(puppet.wait) == 0
    assert puppet.marked() == []


def handled(pid: int, number: int) -> bool:
    """No such signal waits for the process any more."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    pending = [line.split()[1] for line in lines if line.startswith(("SigPnd", "ShdPnd"))]
    return not any(int(mask, 16) & 1 << (number - 1) for mask in pending)
