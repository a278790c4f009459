from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grange.af import cgruconfig
from tests.af.server import RecordedAfanasy


@pytest.fixture
def server() -> Iterator[RecordedAfanasy]:
    with RecordedAfanasy() as found:
        yield found


@pytest.fixture(autouse=True)
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """What scripts of these tests find: user artist on host vm, no files of CGRU, no server."""
    found = {
        "HOME": str(tmp_path / "home"),
        "GRANGE_HOME": str(tmp_path / "state"),
        "USER": "artist",
        "AF_HOSTNAME": "vm",
        "AF_SERVERPORT": "1",
    }
    cgruconfig.load(found)
    yield found
    cgruconfig.load()


@pytest.fixture
def at_server(server: RecordedAfanasy) -> RecordedAfanasy:
    """A server that scripts find without being told."""
    cgruconfig.VARS["af_servername"], cgruconfig.VARS["af_serverport"] = server.address
    return server
