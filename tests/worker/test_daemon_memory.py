"""Memory of real runs: the worker tells of it, and ends what uses more than it may."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from grange.model.run import RunSpec
from grange.model.states import RunStatus
from grange.wire.worker import Beat
from grange.worker.gpus import Gpus
from tests.worker.build import a_run
from tests.worker.nvml import GB, FakeGpu, FakeNvml, Holder
from tests.worker.server import FarmServer
from tests.worker.site import working

pytestmark = pytest.mark.anyio

TAKE_200_MB = "x = [7] * 26_500_000"


def hungry(then: str = "", **fields: Any) -> RunSpec:
    return a_run(command=(sys.executable, "-I", "-c", f"{TAKE_200_MB}\n{then}"), **fields)


async def test_a_run_that_used_more_than_it_asked_for_is_reported(
    server: FarmServer, tmp_path: Path
) -> None:
    async with working(server, tmp_path):
        result = await server.execute(hungry(need_memory_mb=100))
    assert (result.status, result.warning) == (RunStatus.DONE, True)
    assert result.message == f"used {result.meter.peak_memory_mb} MB of memory, asked for 100 MB"
    assert 200 <= result.meter.peak_memory_mb < 400


async def test_a_run_that_uses_more_than_it_may_is_ended(
    server: FarmServer, tmp_path: Path
) -> None:
    async with working(server, tmp_path):
        run = hungry("import time; time.sleep(1000)", need_memory_mb=100, memory_max_mb=150)
        result = await server.execute(run)
    assert result.status is RunStatus.OUT_OF_MEMORY
    assert "150 MB" in result.message
    assert "asked for 100 MB" in result.message


async def test_memory_that_a_run_holds_on_gpus_is_told_while_it_runs_and_kept(
    server: FarmServer, tmp_path: Path
) -> None:
    def told() -> bool:
        beats = [message for message in server.heard if isinstance(message, Beat)]
        return any(item.gpu_memory_mb == 3_072 for beat in beats for item in beat.progress)

    first, second = FakeGpu("GPU-a"), FakeGpu("GPU-b")
    async with working(server, tmp_path, gpus=Gpus(FakeNvml(first, second))):
        await server.start(a_run(command="sleep 1000 & echo $!; wait"))
        await server.printed(b"\n")
        child = int(server.logs[1])
        first.computing = [Holder(child, 1 * GB), Holder(1, 9 * GB)]
        second.computing = [Holder(child, 2 * GB)]
        await server.until(told)
        first.computing, second.computing = [], []
        await server.stop()
        assert (await server.result()).meter.gpu_memory_mb == 3_072
