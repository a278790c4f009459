"""A PostgreSQL of our own, on a Unix socket only, that can be stopped and started again."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psycopg

from chaos.processes import send
from grange.worker import procfs
from tests.store.cluster import USER, address, find_programs

START_S: Final = 60  # seconds to wait for it
SCHEMA: Final = "public"
INITDB: Final = ("-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
MODES: Final = ("fast", "immediate")


class Database:
    """One cluster in a temporary folder; a context, which stops it and removes it."""

    def __init__(self) -> None:
        self._programs = find_programs()
        self._folder = Path(tempfile.mkdtemp(prefix="grange-chaos-pg-"))
        self._data = self._folder / "data"
        self._account: str | None = None
        if os.geteuid() == 0:  # PostgreSQL refuses to be root
            nobody = pwd.getpwnam("nobody")
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
            self._account = nobody.pw_name

    @property
    def url(self) -> str:
        """What a server's setting `database` is to be."""
        return address(self._folder, SCHEMA)

    def __enter__(self) -> Self:
        try:
            self._call("initdb", "-D", self._data, "-U", USER, *INITDB)
            self.start()
        except BaseException:
            shutil.rmtree(self._folder)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.pid:
            self.stop("immediate")
        shutil.rmtree(self._folder)

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        options = f"-c listen_addresses='' -c unix_socket_directories='{self._folder}'"
        wait = ("-w", "-t", START_S, "-l", self._folder / "log")
        self._call("pg_ctl", "-D", self._data, *wait, "-o", options, "start")

    def stop(self, mode: str) -> None:
        """Stop it: `fast` ends all connections in order, `immediate` as a crash does."""
        assert mode in MODES
        self._call("pg_ctl", "-D", self._data, "-m", mode, "-w", "-t", START_S, "stop")

    @property
    def pid(self) -> int:
        """Its main process; 0 when it is stopped."""
        try:
            return int((self._data / "postmaster.pid").read_text().split()[0])
        except FileNotFoundError:
            return 0

    def pause(self) -> None:
        """Let nobody be answered: all its processes stand still."""
        self._send(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let them go on."""
        self._send(signal.SIGCONT)

    def _send(self, number: int) -> None:
        main = self.pid
        for pid in (main, *procfs.children(main)):
            send(pid, number)

    def end_connections(self) -> int:
        """End all connections of others, as an administrator does. Returns how many."""
        where = f"host={self._folder} user={USER} dbname=postgres"
        query = (
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        with psycopg.connect(where, autocommit=True) as connection:
            found = connection.execute(query).fetchone()
            return 0 if found is None else int(found[0])

    def _call(self, program: str, *arguments: object) -> None:
        # a file and not a pipe: the server would keep the pipe open
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                [str(self._programs / program), *map(str, arguments)],
                user=self._account,
                group=None if self._account is None else pwd.getpwnam(self._account).pw_gid,
                extra_groups=None if self._account is None else (),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                check=False,
            )
            output.seek(0)
            if done.returncode != 0:
                raise RuntimeError(f"{program}: {output.read().decode()}")
