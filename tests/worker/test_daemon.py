"""The daemon, whole: runs against a server that speaks the protocol, with real processes."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from typing_extensions import override

from grange.model.ids import RunId
from grange.model.machine import MachineSettings
from grange.model.run import Dial, Progress, RunSpec
from grange.model.states import RunStatus
from grange.plugins.contract import Verdict
from grange.wire.worker import Beat, FramesDone
from grange.worker.gpus import Gpus
from grange.worker.plugin import HostPlugins
from tests.worker.build import a_run
from tests.worker.fakes import PlainPlugin, PlainPlugins
from tests.worker.nvml import four
from tests.worker.server import FarmServer
from tests.worker.site import working

pytestmark = pytest.mark.anyio

STUBBORN = "trap '' TERM; echo up; while :; do sleep 0.02; done"


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


async def test_texts_that_cannot_be_sent_do_no_harm(server: FarmServer, tmp_path: Path) -> None:
    async with working(server, tmp_path, OddPlugins()):
        result = await server.execute(a_run())
    assert (result.status, result.files) == (RunStatus.DONE, ("/caf?",))
    assert len(result.message) < 10_000


class OddPlugin(PlainPlugin):
    """Speaks of files whose names are no text, and too much."""

    @override
    def finish(self, exit_code: int | None, signal: int | None, *, stopped: int = 0) -> Verdict:
        return Verdict(status=RunStatus.DONE, message="x" * 10_000_000, files=("/caf\udce9",))


class OddPlugins(PlainPlugins):
    @override
    def load(self, run: RunSpec, work_folder: str, worker_name: str) -> OddPlugin:
        return OddPlugin(run)


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


@pytest.mark.proves("render.resources.periodic")
async def test_what_a_run_uses_and_the_machine_come_with_the_beats(
    server: FarmServer, tmp_path: Path
) -> None:
    hungry = "import time; x = bytearray(50_000_000); time.sleep(1000)"
    async with working(server, tmp_path):
        await server.start(a_run(command=(sys.executable, "-c", hungry)))
        await server.until(lambda: max(p.memory_mb for p in [NOTHING, *progress(server)]) >= 50)
        assert any(isinstance(message, Beat) and message.resources for message in server.heard)


async def test_what_a_studios_own_classes_measure_comes_with_the_beats(
    server: FarmServer, tmp_path: Path
) -> None:
    def custom() -> list[Dial]:
        loads = [item.resources for item in server.heard if isinstance(item, Beat)]
        return [dial for load in loads if load is not None for dial in load.custom]

    machine = MachineSettings(resources_classes=("example", "no_such"))
    async with working(server, tmp_path, machine=machine):
        await server.until(custom)
    example, missing = custom()[:2]
    assert (example.value, example.valid) == (3, True)
    assert (missing.valid, "no resource 'no_such'" in missing.fault) == (False, True)


async def test_a_task_without_gpus_sees_none_where_the_machine_hides_them(
    server: FarmServer, tmp_path: Path
) -> None:
    show = "echo [$CUDA_VISIBLE_DEVICES]"
    gpus, machine = Gpus(four()), MachineSettings(hide_gpus=True)
    async with working(server, tmp_path, gpus=gpus, machine=machine):
        await server.execute(a_run(1, show))
        await server.execute(a_run(2, show, gpus=(2, 3)))
        assert server.hellos[0].traits.gpus == 4
    assert (server.logs[1], server.logs[2]) == (b"[]\n", b"[2,3]\n")


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


class RealPlugins(HostPlugins):
    """Those that ship, without asking every program of this machine for its version."""

    @override
    def available(self) -> dict[str, str]:
        return {"generic": "sh"}


@pytest.mark.proves("render.services.feeds_parser")
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
