"""The program as its users start it: pipes, terminals, signals."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from grange.cli.exits import ExitCode
from tests.cli.terminals import GRANGE, WAIT_S, own, run, run_in_terminal
from tests.client import build
from tests.client.recorded import STAY, RecordedServer

HEAVY = {"httpx", "litestar", "rich", "sqlalchemy", "uvicorn", "websockets"}
COLOUR = re.compile(r"\x1b\[[\d;]*3\dm|\x1b\[[\d;]*9\dm")
ANY = re.compile(r"\x1b\[[\d;?]*[a-zA-Z]")
LONG = "a name that goes on and on and says everything that there is to say about the shot"


@pytest.fixture(autouse=True)
def answers(server: RecordedServer) -> None:
    jobs = [build.job_view(13, name=LONG), build.failed(12)]
    server.answer("GET /jobs", {"jobs": jobs})


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What a shell has started in the background ignores interrupts, and so do its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_help_needs_none_of_the_heavy_libraries() -> None:
    script = f"import grange.cli.main, sys; print({HEAVY!r} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "set()\n"


def test_a_pipe_gets_whole_names_and_no_colours(environment: dict[str, str]) -> None:
    ended = run(["jobs"], environment)
    assert (ended.status, ended.err) == (0, "")
    assert LONG in ended.out
    assert not ANY.search(ended.out)


def test_a_terminal_gets_colours_and_no_line_too_long(environment: dict[str, str]) -> None:
    del environment["COLUMNS"]
    ended = run_in_terminal(["jobs"], environment, columns=100)
    lines = ANY.sub("", ended.out).splitlines()
    assert COLOUR.search(ended.out)
    assert (len(lines), max(map(len, lines)) <= 100) == (3, True)


def test_a_terminal_without_colours_is_honoured(environment: dict[str, str]) -> None:
    ended = run_in_terminal(["jobs"], environment | {"NO_COLOR": "1"})
    assert not COLOUR.search(ended.out)
    assert "sunset" in ended.out


def test_what_cannot_be_written_in_blocks_is_written_plainly(environment: dict[str, str]) -> None:
    ended = run(["jobs"], environment | {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"})
    assert (ended.status, "#########..." in ended.out) == (0, True)


def test_json_is_the_same_in_a_terminal(environment: dict[str, str]) -> None:
    ended = run_in_terminal(["jobs", "--json"], environment)
    assert [job["job_id"] for job in json.loads(ended.out)] == [13, 12]


def test_who_stops_reading_gets_no_complaint(environment: dict[str, str]) -> None:
    line = f"{' '.join(GRANGE)} jobs --json | head -1"
    done = subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", line],
        env=own(environment),
        capture_output=True,
        text=True,
        timeout=WAIT_S,
    )
    assert (done.stdout, done.stderr) == ("[\n", "")


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_watch_ends_with_130(
    environment: dict[str, str], server: RecordedServer
) -> None:
    server.watch([build.snapshot(jobs=(build.job_view(),)), STAY])
    with subprocess.Popen(
        [*GRANGE, "jobs", "--watch"],
        env=own(environment) | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert "job 12 running" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=WAIT_S)
    assert (process.returncode, err.strip()) == (ExitCode.INTERRUPTED, "")


def test_an_error_is_no_traceback(environment: dict[str, str]) -> None:
    ended = run(["job", "99"], environment)
    assert ended.status == ExitCode.NOT_FOUND
    assert ended.err.startswith("error: nothing at")
    assert "Traceback" in run(["--debug", "job", "99"], environment).err


def test_a_fault_of_the_program_is_told_as_such(
    environment: dict[str, str], tmp_path: object
) -> None:
    script = (
        "import grange.cli.main as m, sys; sys.argv = ['grange', 'jobs'];"
        "m.Program.invoke = lambda self, ctx: {}['x']; m.main()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == ExitCode.FAILED
    assert done.stderr.startswith("error: KeyError: 'x'; this is a fault of grange")


def test_the_shell_can_complete_commands(environment: dict[str, str]) -> None:
    asks = {"_GRANGE_COMPLETE": "complete_bash", "COMP_WORDS": "grange jo", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", "from grange.cli.main import app; app(prog_name='grange')"],
        env=own(environment) | asks,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["jobs", "job", "join-code"]
