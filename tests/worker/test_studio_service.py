"""A worker whose studio has written a service that never answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from grange.model.states import RunStatus
from grange.plugins import service_apart
from grange.wire.worker import Beat
from tests.plugins.build import a_studio
from tests.worker.build import a_run
from tests.worker.server import FarmServer
from tests.worker.site import working
from tests.worker.test_studio_parser import StudioPlugins

pytestmark = pytest.mark.anyio

#: Goes back and forth for years, and lets nothing else of its process run meanwhile.
SEARCH = r"""
import re
from grange.plugins.service import Service

class Ours(Service):
    def {method}(self, *_):
        re.match("(x+x+)+y", "x" * 60)
"""


def studio(folder: Path, method: str) -> StudioPlugins:
    source = SEARCH.format(method=method)
    return StudioPlugins((str(a_studio(folder, "services", "ours", source)),))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["command", "check_exit_status"])
async def test_a_service_that_hangs_stops_neither_beats_nor_other_runs(
    method: str, server: FarmServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_apart, "HANG_S", 3.0)
    monkeypatch.setattr(service_apart, "START_S", 0.0 if method == "command" else 30.0)
    async with working(server, tmp_path, studio(tmp_path, method)):
        await server.start(a_run(service="ours"))
        beats = server.count(Beat)
        assert (await server.execute(a_run(2))).status is RunStatus.DONE
        await server.until(lambda: server.count(Beat) > beats + 3)
        ended = await server.result()
        assert ended.message.endswith("the service did not answer in 3 s")
        assert ended.status is not RunStatus.DONE
