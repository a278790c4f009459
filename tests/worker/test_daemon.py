"""The daemon, whole: against a server that speaks the protocol, with real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from typing_extensions import override

from grange.model.ids import RunId
from grange.model.run import Progress
from grange.model.states import RunStatus
from grange.wire.worker import Beat, Ended, FramesDone, Instruct, Refused
from grange.worker import procfs
from grange.worker.config import WorkerConfig
from grange.worker.daemon import run
from grange.worker.environment import WORKER_MARK
from grange.worker.errors import HomeInUse, LinkRefused, WorkerCannotRun
from grange.worker.plugin import HostPlugins, Plugins
from tests.worker.build import a_run
from tests.worker.fakes import PlainPlugins
from tests.worker.kennel import exists
from tests.worker.server import FarmServer

pytestmark = pytest.mark.anyio

STUBBORN = "trap '' TERM; echo up; while :; do sleep 0.02; done"


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

    async def work(self, plugins: Plugins, **more: object) -> None:
        self.then = await run(self.config(**more), plugins, self.leave)

    def processes(self) -> list[int]:
        """All processes of this worker: its warden and the tasks."""
        mark = (self.folder / "mark").read_text()
        return [pid for pid in procfs.marked(WORKER_MARK, mark) if exists(pid)]

    def warden(self) -> int:
        lines = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in self.processes()}
        return next(pid for pid, line in lines.items() if b"grange.worker.warden" in line)


@pytest.fixture
async def server() -> AsyncIterator[FarmServer]:
    async with FarmServer() as server:
        yield server


@asynccontextmanager
async def working(
    server: FarmServer, folder: Path, plugins: Plugins | None = None, **more: object
) -> AsyncIterator[Site]:
    """A worker that has joined; it leaves at the end, and nothing of it is left."""
    site = Site(server, folder / "state")
    async with asyncio.TaskGroup() as group:
        task = group.create_task(site.work(plugins or PlainPlugins(), **more))
        await server.linked(len(server.hellos) + 1)
        yield site
        site.leave.set()
        async with asyncio.timeout(30):
            await asyncio.wait((task,))
    assert site.processes() == []


async def test_a_run_that_ends_well_is_done(server: FarmServer, tmp_path: Path) -> None:
    async with working(server, tmp_path):
        result = await server.execute(a_run())
    assert (result.status, result.exit_code) == (RunStatus.DONE, 0)
    assert result.duration_s > 0


async def test_a_run_that_ends_badly_has_failed(server: FarmServer, tmp_path: Path) -> None:
    async with working(server, tmp_path):
        result = await server.execute(a_run(command="exit 3"))
    assert (result.status, result.exit_code) == (RunStatus.FAILED, 3)


async def test_output_is_streamed_while_a_run_goes_on(server: FarmServer, tmp_path: Path) -> None:
    async with working(server, tmp_path):
        await server.start(a_run(command="echo one; sleep 1000"))
        await server.printed(b"one\n")
        await server.stop()
        assert (await server.result()).status is RunStatus.STOPPED


async def test_all_of_a_log_is_there_before_the_result(server: FarmServer, tmp_path: Path) -> None:
    async with working(server, tmp_path):
        await server.execute(a_run(command="seq 50000"))
    assert server.logs[1] == b"".join(b"%d\n" % n for n in range(1, 50_001))


async def test_a_missing_program_is_a_failed_start(server: FarmServer, tmp_path: Path) -> None:
    async with working(server, tmp_path):
        result = await server.execute(a_run(command=("no-such-program",)))
    assert result.status is RunStatus.START_FAILED
    assert "'no-such-program'" in result.message


async def test_a_missing_folder_is_a_failed_start(server: FarmServer, tmp_path: Path) -> None:
    async with working(server, tmp_path):
        result = await server.execute(a_run(working_directory="/no/folder"))
    assert result.status is RunStatus.START_FAILED
    assert result.message == "working directory /no/folder: it does not exist"


async def test_a_missing_service_is_a_failed_start(server: FarmServer, tmp_path: Path) -> None:
    async with working(server, tmp_path):
        result = await server.execute(a_run(service="missing"))
    assert (result.status, result.message) == (
        (RunStatus.START_FAILED, "there is no service missing")
    )


async def test_a_run_without_a_folder_has_its_own(server: FarmServer, tmp_path: Path) -> None:
    async with working(server, tmp_path):
        await server.execute(a_run(command="pwd", working_directory=""))
    assert server.logs[1].decode().strip() == str(tmp_path / "state" / "runs" / "1")


async def test_a_run_with_nothing_to_do_is_skipped(server: FarmServer, tmp_path: Path) -> None:
    async with working(server, tmp_path):
        result = await server.execute(a_run(custom_data={"skip": "it is there"}))
    assert (result.status, result.message) == (RunStatus.SKIPPED, "it is there")


async def test_a_broken_parser_does_not_harm_the_log(server: FarmServer, tmp_path: Path) -> None:
    async with working(server, tmp_path):
        result = await server.execute(a_run(command="echo PARSER BOOM; sleep 0.1; echo rest"))
    assert (result.status, result.warning) == (RunStatus.DONE, True)
    assert server.logs[1] == b"PARSER BOOM\n\nparser fault: RuntimeError: boom\nrest\n"


async def test_a_parser_can_end_a_run(server: FarmServer, tmp_path: Path) -> None:
    async with working(server, tmp_path):
        result = await server.execute(a_run(command="echo STOP error; sleep 1000"))
    assert result.status is RunStatus.PARSER_ERROR


async def test_progress_comes_with_the_beats(server: FarmServer, tmp_path: Path) -> None:
    async with working(server, tmp_path):
        await server.start(a_run(command="echo %%%; sleep 1000", report_frames=True))
        await server.until(lambda: 3 in {p.percent for p in progress(server)})
        assert server.count(FramesDone) == 1


NOTHING = Progress(run_id=RunId(0))


def progress(server: FarmServer) -> list[Progress]:
    beats = [message for message in server.heard if isinstance(message, Beat)]
    return [progress for beat in beats for progress in beat.progress]


async def test_what_a_run_uses_and_the_machine_come_with_the_beats(
    server: FarmServer, tmp_path: Path
) -> None:
    hungry = "import time; x = bytearray(50_000_000); time.sleep(1000)"
    async with working(server, tmp_path):
        await server.start(a_run(command=(sys.executable, "-c", hungry)))
        await server.until(lambda: max(p.memory_mb for p in [NOTHING, *progress(server)]) >= 50)
        assert any(isinstance(message, Beat) and message.resources for message in server.heard)


async def test_secrets_of_the_worker_do_not_reach_a_task(
    server: FarmServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRANGE_CREDENTIAL", "hush")
    async with working(server, tmp_path, credential="hush"):
        await server.execute(a_run(command="env; tr '\\0' '\\n' < /proc/$PPID/environ"))
    assert b"GRANGE_JOB_ID=1" in server.logs[1]
    assert b"hush" not in server.logs[1]
    assert server.tokens == ["Bearer hush"]


async def test_a_preload_is_left_out_and_told(server: FarmServer, tmp_path: Path) -> None:
    async with working(server, tmp_path):
        await server.execute(a_run(command="env", environment={"LD_PRELOAD": "/evil.so"}))
    assert server.logs[1].startswith(b"LD_PRELOAD was left out")
    assert b"/evil.so" not in server.logs[1]


async def test_a_flood_stays_bounded_and_does_no_harm(server: FarmServer, tmp_path: Path) -> None:
    flood = "head -c 50000000 /dev/zero | tr '\\0' 'x'; echo; echo the end"
    async with working(server, tmp_path, log_max=1_000_000):
        await server.start(a_run(1, command=flood))
        other = await server.execute(a_run(2, command="echo fine"))
        result = await server.result(1)
    assert result.status is other.status is RunStatus.DONE
    assert result.log_bytes < 1_100_000
    assert server.logs[1].endswith(b"the end\n")


async def test_an_output_that_a_stranger_holds_open_does_not_hold_up_the_result(
    server: FarmServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grange.worker.attendant.EOF_MAX_S", 0.2)
    async with working(server, tmp_path):
        await server.start(a_run(command="echo $$; sleep 1000"))
        await server.printed(b"\n")
        stranger = os.open(f"/proc/{int(server.logs[1])}/fd/1", os.O_WRONLY)
        await server.stop()
        assert (await server.result()).status is RunStatus.STOPPED
        os.close(stranger)


async def test_a_stubborn_run_is_stopped_by_force(
    server: FarmServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grange.worker.runs.ASK_S", 0.2)
    async with working(server, tmp_path):
        await server.start(a_run(command=STUBBORN))
        await server.printed(b"up")
        await server.stop()
        result = await server.result()
    assert (result.status, result.signal) == (RunStatus.STOPPED, signal.SIGKILL)


async def test_many_runs_at_once_all_end(server: FarmServer, tmp_path: Path) -> None:
    async with working(server, tmp_path):
        for number in range(1, 101):
            await server.start(a_run(number, command=("echo", str(number))))
        await server.until(lambda: len(server.results) == 100)
    assert {result.status for result in server.results.values()} == {RunStatus.DONE}
    assert server.logs[77] == b"77\n"


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


class RealPlugins(HostPlugins):
    """Those that ship, without asking every program of this machine for its version."""

    @override
    def available(self) -> dict[str, str]:
        return {"generic": "sh"}


async def test_the_plugins_that_ship_are_used(server: FarmServer, tmp_path: Path) -> None:
    line = "echo PROGRESS: 40%; sleep 0.3; echo '[ PARSER WARNING ]'; exit 4"
    async with working(server, tmp_path, RealPlugins()):
        result = await server.execute(a_run(command=line))
    assert (result.status, result.exit_code, result.warning) == (RunStatus.FAILED, 4, True)
    assert 40 in {item.percent for item in progress(server)}
    assert b"PROGRESS: 40%\n" in server.logs[1]


async def test_an_unknown_service_is_named(server: FarmServer, tmp_path: Path) -> None:
    async with working(server, tmp_path, RealPlugins()):
        result = await server.execute(a_run(service="nosuch"))
    assert result.status is RunStatus.START_FAILED
    assert "nosuch" in result.message


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
