"""A worker whose studio has written a parser that never answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from typing_extensions import override

from grange.model.states import RunStatus
from grange.plugins import apart
from grange.wire.worker import Beat
from grange.worker.plugin import HostPlugins
from tests.plugins.build import a_studio
from tests.worker.build import a_run
from tests.worker.server import FarmServer
from tests.worker.site import working

pytestmark = pytest.mark.anyio

#: Goes back and forth for years, and lets nothing else of its process run meanwhile.
SEARCH = r"""
import re
from grange.plugins.parser import Parser

class Ours(Parser):
    def do(self, i_args):
        re.match("(x+x+)+y", "x" * 60)
"""


class StudioPlugins(HostPlugins):
    """Those of one folder, without asking every program of this machine for its version."""

    @override
    def available(self) -> dict[str, str]:
        return {"generic": "sh"}


@pytest.mark.slow
async def test_a_parser_that_hangs_stops_neither_beats_nor_other_runs_nor_its_own(
    server: FarmServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "HANG_S", 1.0)
    studio = a_studio(tmp_path, "parsers", "ours", SEARCH)
    async with working(server, tmp_path, StudioPlugins((str(studio),))):
        await server.start(a_run(command="echo one; sleep 1000", parser="ours"))
        assert (await server.execute(a_run(2))).status is RunStatus.DONE
        beats = server.count(Beat)
        await server.until(lambda: server.count(Beat) > beats + 3)
        await server.printed(b"one\nThe parser did not answer in 1 s. Going on without it.\n")
        await server.stop()
        assert (await server.result()).status is RunStatus.STOPPED
