"""The daemon's life: links that break, leases that end, instructions, policies."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from grange.model.machine import MachineSettings
from grange.model.states import RunStatus
from grange.wire.worker import Ended, Examined, Instruct, Refused
from grange.worker.daemon import run
from grange.worker.errors import HomeInUse, LinkRefused, WorkerCannotRun
from tests.worker.build import a_run
from tests.worker.fakes import PlainPlugins
from tests.worker.kennel import exists
from tests.worker.server import FarmServer
from tests.worker.site import Site, working

pytestmark = pytest.mark.anyio

STUBBORN = "trap '' TERM; echo up; while :; do sleep 0.02; done"


async def test_a_reconnection_keeps_a_run_and_resumes_its_log(
    server: FarmServer, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    async with working(server, tmp_path):
        line = f"echo one; until [ -e {go} ]; do sleep 0.01; done; echo two"
        await server.start(a_run(command=line))
        await server.printed(b"one")
        await server.shut()
        go.touch()
        await server.open()
        assert (await server.result()).status is RunStatus.DONE
    assert server.logs[1] == b"one\ntwo\n"
    assert server.hellos[0].boot_id == server.hellos[1].boot_id


async def test_a_result_is_told_until_it_is_acknowledged(
    server: FarmServer, tmp_path: Path
) -> None:
    async with working(server, tmp_path):
        server.acknowledges = False
        await server.execute(a_run())
        server.acknowledges = True
        server.cut()
        await server.linked(2)
        await server.until(lambda: server.count(Ended) == 2)
        assert server.hellos[1].ended == (1,)


async def test_a_result_outlives_the_daemon(server: FarmServer, tmp_path: Path) -> None:
    server.acknowledges = False
    async with working(server, tmp_path):
        await server.execute(a_run(command="echo kept"))
        server.logs.clear()
    server.acknowledges = True
    async with working(server, tmp_path):
        await server.until(lambda: server.logs.get(1) == b"kept\n")
        assert server.hellos[1].ended == (1,)
        assert server.hellos[1].boot_id != server.hellos[0].boot_id


async def test_nothing_is_kept_of_a_run_that_is_acknowledged(
    server: FarmServer, tmp_path: Path
) -> None:
    async with working(server, tmp_path) as site:
        await server.execute(a_run(command="echo x"))
    assert [
        path for name in ("runs", "logs", "outbox") for path in (site.folder / name).glob("*")
    ] == []


async def test_a_leaving_worker_ends_its_runs_and_says_goodbye(
    server: FarmServer, tmp_path: Path
) -> None:
    async with working(server, tmp_path) as site:
        await server.start(a_run(command="echo up; sleep 1000"))
        await server.printed(b"up")
    assert site.then == ""
    assert server.results[1].status is RunStatus.LOST
    assert server.left


async def test_an_instruction_ends_the_worker_and_says_what_then(
    server: FarmServer, tmp_path: Path
) -> None:
    async with working(server, tmp_path) as site:
        await server.send(Instruct(what="restart"))
        await server.until(lambda: server.left)
    assert site.then == "restart"


async def test_a_reboot_is_set_off_when_the_worker_has_left(
    server: FarmServer, tmp_path: Path
) -> None:
    reboot = ("touch", str(tmp_path / "rebooted"))
    async with working(server, tmp_path, commands={"reboot": reboot}):
        await server.send(Instruct(what="reboot"))
        await server.until(lambda: server.left)
    assert (tmp_path / "rebooted").exists()


async def test_an_instruction_for_the_machine_is_what_the_owner_says(
    server: FarmServer, tmp_path: Path
) -> None:
    nap = ("touch", str(tmp_path / "nap"))
    async with working(server, tmp_path, commands={"sleep": nap}):
        await server.send(Instruct(what="sleep"))
        await server.execute(a_run(command=f"until [ -e {tmp_path}/nap ]; do sleep 0.01; done"))


async def test_a_self_test_tells_what_is_wrong_in_plain_words(
    server: FarmServer, tmp_path: Path
) -> None:
    machine = MachineSettings(doctor_paths=(str(tmp_path / "mnt"),))
    async with working(server, tmp_path, machine=machine):
        await server.send(Instruct(what="self-test"))
        await server.until(lambda: server.count(Examined))
        (first,) = (item for item in server.heard if isinstance(item, Examined))
        assert any(str(tmp_path / "mnt") in fault for fault in first.faults)
        (tmp_path / "mnt").mkdir()
        await server.send(Instruct(what="self-test"))
        await server.until(lambda: server.count(Examined) == 2)
        second = [item for item in server.heard if isinstance(item, Examined)][-1]
        assert not any(str(tmp_path / "mnt") in fault for fault in second.faults)


async def test_when_the_lease_ends_runs_are_killed_without_the_server(
    server: FarmServer, tmp_path: Path
) -> None:
    server.lease_s = 0.5
    async with working(server, tmp_path):
        await server.start(a_run(command=STUBBORN))
        await server.printed(b"up")
        await server.shut()
        await asyncio.sleep(0.6)
        await server.open()
        assert (await server.result()).status is RunStatus.LEASE_ENDED


async def test_when_the_warden_is_killed_its_runs_are_killed_and_lost(
    server: FarmServer, tmp_path: Path
) -> None:
    async with working(server, tmp_path) as site:
        await server.start(a_run(command="setsid sleep 1000 & echo $$; sleep 1000"))
        await server.printed(b"\n")
        pid = int(server.logs[1])
        os.kill(site.warden(), signal.SIGKILL)
        result = await server.result()
        assert (result.status, exists(pid)) == (RunStatus.LOST, False)
        assert (await server.execute(a_run(2))).status is RunStatus.DONE


async def test_a_second_daemon_on_the_folder_is_refused(
    server: FarmServer, tmp_path: Path
) -> None:
    async with working(server, tmp_path) as site:
        with pytest.raises(HomeInUse):
            await run(site.config(), PlainPlugins(), asyncio.Event())


async def test_a_worker_that_is_refused_ends_with_the_sentence(
    server: FarmServer, tmp_path: Path
) -> None:
    server.refusals = [Refused(code="revoked", message="revoked by ann")]
    with pytest.raises(LinkRefused, match="revoked by ann"):
        await Site(server, tmp_path / "state").work(PlainPlugins())


@pytest.mark.skipif(os.getuid() != 0, reason="only root is refused")
async def test_root_runs_no_tasks_unless_allowed(server: FarmServer, tmp_path: Path) -> None:
    with pytest.raises(WorkerCannotRun, match="as root"):
        await Site(server, tmp_path / "state").work(PlainPlugins(), allow_root=False)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
async def test_tasks_run_as_the_user_that_policy_names(server: FarmServer, tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:-1]):
        folder.chmod(folder.stat().st_mode | 0o711)
    async with working(server, tmp_path, allow_root=False, run_as="nobody"):
        run = a_run(command="id -un; echo $HOME; touch here", working_directory="")
        result = await server.execute(run)
    assert result.status is RunStatus.DONE
    assert server.logs[1].startswith(b"nobody\n")
