"""Runs the program as a process of its own: with a pipe, or with a terminal."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

GRANGE = (sys.executable, "-m", "grange")
WAIT_S = 60  # for a process to end: far longer than it takes


class Ended(NamedTuple):
    """What a process left."""

    status: int
    out: str
    err: str = ""


def run(words: Sequence[str], environment: Mapping[str, str], *, stdin: str = "") -> Ended:
    """Run a command with pipes to its end."""
    done = subprocess.run(
        [*GRANGE, *words],
        env=own(environment),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def run_in_terminal(
    words: Sequence[str], environment: Mapping[str, str], *, columns: int = 100
) -> Ended:
    """Run a command in a terminal to its end."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with subprocess.Popen(
        [*GRANGE, *words],
        env=own(environment) | {"TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        text = b"".join(_read(ours)).decode()
        os.close(ours)
        return Ended(process.wait(WAIT_S), text.replace("\r\n", "\n"))


def own(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment with nothing of the tester's but what programs need."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PYTHONUTF8": "1", **environment}


@contextlib.contextmanager
def running(words: Sequence[str], environment: Mapping[str, str]) -> Iterator[IO[str]]:
    """A command that keeps running, as a context; gives what it writes."""
    with subprocess.Popen(
        [*GRANGE, *words], env=own(environment), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout
        finally:
            process.terminate()
            process.wait(WAIT_S)


@contextlib.contextmanager
def farm_of(folder: Path) -> Iterator[dict[str, str]]:
    """A server and its worker on this machine; gives the environment in which it is found."""
    folder.mkdir(mode=0o700)
    (folder / "settings.toml").write_text("worker_allow_root = true\n")
    environment = {"GRANGE_HOME": str(folder), "GRANGE_CONFIG_DIR": str(folder)}
    with running(["up", "--port", "0"], environment) as out:
        assert out.readline().startswith("Grange is up at http://127.0.0.1:")
        yield environment


def _read(file: int) -> Iterator[bytes]:
    with contextlib.suppress(OSError):  # Linux tells so that the other end is closed
        while data := os.read(file, 65_536):
            yield data
