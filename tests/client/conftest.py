from __future__ import annotations

from collections.abc import Iterator

import pytest

from grange.client import Client
from tests.client.recorded import RecordedServer


@pytest.fixture(scope="session")
def serving() -> Iterator[RecordedServer]:
    with RecordedServer() as found:
        yield found


@pytest.fixture
def server(serving: RecordedServer) -> RecordedServer:
    serving.forget()
    return serving


@pytest.fixture
def farm(server: RecordedServer) -> Iterator[Client]:
    with Client(server.url, "secret", patience_s=0.5) as found:
        yield found
