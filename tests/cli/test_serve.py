from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from tests.cli.terminals import run, running


@pytest.fixture
def folder(grange: Terminal) -> Path:
    found = Path(grange.environment["GRANGE_HOME"])
    found.mkdir(mode=0o700)
    return found


@pytest.mark.parametrize("command", ["up", "server"])
def test_a_setting_that_cannot_be_ends_with_2(
    grange: Terminal, folder: Path, command: str
) -> None:
    (folder / "settings.toml").write_text('lisen = "127.0.0.1"\n')
    result = grange(command)
    assert (result.exit_code, "did you mean 'listen'?" in result.stderr) == (2, True)


def test_a_folder_that_others_can_read_ends_with_1(
    environment: dict[str, str], folder: Path
) -> None:
    (folder / "settings.toml").write_text("")
    folder.chmod(0o755)
    ended = run(["server", "--port", "0"], environment)
    assert (ended.status, "chmod 700" in ended.err) == (1, True)


def test_a_worker_without_a_farm_ends_with_2(grange: Terminal) -> None:
    del grange.environment["GRANGE_SERVER"]
    result = grange("worker")
    assert (result.exit_code, "grange join-code" in result.stderr) == (2, True)


@pytest.mark.slow
def test_a_server_says_where_it_is_and_how_to_go_on(
    environment: dict[str, str], folder: Path
) -> None:
    with running(["server", "--port", "0"], environment) as out:
        lines = [out.readline() for _ in range(6)]
    assert lines[0].startswith("Grange is up at http://127.0.0.1:")
    assert "/login/" in lines[1]
    assert [line.split()[0] for line in lines[1:]] == ["open", "try", "add", "Afanasy", "stop"]
    assert lines[4].split()[1].startswith("127.0.0.1:")
