from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from grange.cli import screen
from grange.cli.main import app
from tests.client.recorded import RecordedServer


class Terminal:
    """Runs commands as a user does, all in this process and against one server."""

    def __init__(self, environment: dict[str, str], server: RecordedServer) -> None:
        self.environment = environment
        self.server = server

    def __call__(self, *words: str, stdin: str = "") -> Result:
        return CliRunner().invoke(app, list(words), input=stdin, env=self.environment)

    def says(self, *words: str) -> str:
        """What a command that goes well writes."""
        result = self(*words)
        assert result.exit_code == 0, result.output
        return result.stdout


@pytest.fixture(scope="session")
def serving() -> Iterator[RecordedServer]:
    with RecordedServer() as found:
        yield found


@pytest.fixture
def server(serving: RecordedServer) -> RecordedServer:
    serving.forget()
    return serving


@pytest.fixture
def environment(tmp_path: Path, server: RecordedServer) -> dict[str, str]:
    return {
        "GRANGE_SERVER": server.url,
        "GRANGE_TOKEN": "secret",
        "GRANGE_HOME": str(tmp_path / "state"),
        "GRANGE_CONFIG_DIR": str(tmp_path / "config"),
        "COLUMNS": "100",
    }


@pytest.fixture
def grange(environment: dict[str, str], server: RecordedServer) -> Iterator[Terminal]:
    screen.out.cache_clear()
    screen.err.cache_clear()
    yield Terminal(environment, server)
    screen.out.cache_clear()
    screen.err.cache_clear()
