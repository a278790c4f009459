"""The daemon's end of the warden: orders out, reports in, and a new one when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from grange.worker import leftovers, posix
from grange.worker.account import Account
from grange.worker.channel import (
    FDS_MAX,
    Channel,
    ChannelClosed,
    Gone,
    Hold,
    Kill,
    Measure,
    NotStarted,
    Order,
    Report,
    Spawn,
    Started,
    reports_decoder,
)

log = logging.getLogger(__name__)

RESTART_S: Final = 0.5  # pause before a new warden, lest one that cannot start spins
ENCODING: Final = sys.getfilesystemencoding()  # as `os.fsencode`, which costs more
EXIT_MAX_S: Final = 6.0  # for a warden to kill all trees once its socket is closed


class Keeper:
    """Keeps one warden alive.

    Args:
        mark: id of the state folder, in the environment of all processes.
        environment: of the warden, and so of every task.
        nice: of the tasks' processes.
        account: whose processes they are; None our own user's.
        groups: folder for a control group of each run; None they get none.
        processes_max: that a run may have at once; 0 any number.
        tell: takes each report.
        lose: takes each run that went down with a warden.
    """

    def __init__(
        self,
        *,
        mark: str,
        environment: Mapping[str, str],
        nice: int,
        account: Account | None,
        groups: Path | None,
        processes_max: int,
        tell: Callable[[Report], None],
        lose: Callable[[int, str], None],
    ) -> None:
        self._mark = mark
        self._environment = dict(environment)
        self._settings = (
            str(nice),
            account.ids() if account else "",
            str(groups or ""),
            str(processes_max),
        )
        self._tell = tell
        self._lose = lose
        self._files = posix.raise_file_limit()
        self._orders: list[Order] = []
        self._outputs: list[int] = []  # write ends for the spawns among them
        self._owned: dict[int, int] = {}  # run -> its process, 0 while it starts
        self._until: Hold | None = None
        self._flush_asked = False
        self._channel: Channel[Order, Report] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._died = asyncio.Event()

    async def run(self) -> None:
        """Keep a warden until cancelled; then end it, and with it every task."""
        try:
            while True:
                self._died.clear()
                try:
                    self._start()
                except OSError:
                    log.exception("no warden can be started; trying again")
                else:
                    await self._died.wait()
                    await self._bury()
                await asyncio.sleep(RESTART_S)
        finally:
            self._close()
            if self._process is not None:
                await asyncio.shield(asyncio.to_thread(self._wait))

    def spawn(
        self,
        run_id: int,
        argv: Sequence[str],
        folder: str,
        environment: Mapping[str, str],
        *,
        need_memory_mb: int = 0,
        memory_max_mb: int = 0,
    ) -> int:
        """Order a process; returns the read end of its output.

        Args:
            run_id: whose.
            argv: the command.
            folder: to run in.
            environment: to be added to the warden's.
            need_memory_mb: what it asked for; 0 nothing.
            memory_max_mb: what it may have; 0 any.

        Raises:
            OSError: no pipe is left.
            UnicodeError: a text holds half a character.
        """
        order = Spawn(
            run_id,
            tuple(os.fsencode(word) for word in argv),
            os.fsencode(folder),
            {
                name.encode(ENCODING, "surrogateescape"): value.encode(ENCODING, "surrogateescape")
                for name, value in environment.items()
            },
            need_memory_mb,
            memory_max_mb,
        )
        read_end, write_end = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(write_end, True)  # a task must wait for us, not fail
        self._outputs.append(write_end)
        self._order(order)
        return read_end

    def kill(self, run_id: int, *, hard: bool) -> None:
        """Order the end of a run."""
        self._order(Kill(run_id, hard))

    def hold(self, until: float) -> None:
        """Tell how long the lease runs."""
        self._until = Hold(until)
        self._order(self._until)

    def measure(self) -> None:
        """Ask what the runs use."""
        self._order(Measure())

    def _order(self, order: Order) -> None:
        self._orders.append(order)
        if not self._flush_asked:
            self._flush_asked = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        """Send the orders of one turn of the loop together."""
        self._flush_asked = False
        if self._channel is None:
            return
        try:
            while self._orders:
                self._send_some(self._channel)
            self._write_on()
        except ChannelClosed:
            self._lost()

    def _send_some(self, channel: Channel[Order, Report]) -> None:
        batch, self._orders = self._orders[:FDS_MAX], self._orders[FDS_MAX:]
        spawned = [order.run_id for order in batch if isinstance(order, Spawn)]
        outputs, self._outputs = self._outputs[: len(spawned)], self._outputs[len(spawned) :]
        self._owned.update(dict.fromkeys(spawned, 0))
        channel.send(batch, outputs)

    def _write_on(self) -> None:
        """Go on sending as the warden takes it."""
        channel = self._channel
        if channel is None:
            return
        loop = asyncio.get_running_loop()
        try:
            if channel.flush():
                loop.remove_writer(channel)
            else:
                loop.add_writer(channel, self._write_on)
        except ChannelClosed:
            self._lost()

    def _read(self) -> None:
        if self._channel is None:
            return
        try:
            reports = self._channel.receive()
        except ChannelClosed:
            self._lost()
            return
        for report in reports:
            match report:
                case Started(run_id, pid):
                    self._owned[run_id] = pid
                case Gone(run_id) | NotStarted(run_id):
                    self._owned.pop(run_id, None)
                case _:
                    pass
            self._tell(report)

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            ours.setblocking(False)
            argv = (sys.executable, "-I", "-m", "grange.worker.warden")
            self._process = subprocess.Popen(  # noqa: S603 (our own module)
                (*argv, str(theirs.fileno()), *self._settings),
                pass_fds=(theirs.fileno(),),
                env=self._environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        posix.limit_files(self._process.pid, self._files)
        self._channel = Channel(ours, reports_decoder())
        asyncio.get_running_loop().add_reader(ours, self._read)
        if self._until is not None:
            self._orders.insert(0, self._until)
        self._flush()

    def _lost(self) -> None:
        self._close()
        self._died.set()

    def _close(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(channel)
            loop.remove_writer(channel)
            channel.close()

    async def _bury(self) -> None:
        """The warden died: end what it owned, which is ours now, and say so."""
        await asyncio.to_thread(self._wait)
        sessions = {pid for pid in self._owned.values() if pid}
        left = await asyncio.to_thread(leftovers.kill, self._mark, sessions)
        if left:
            log.error("processes %s do not die", left)
        owned, self._owned = self._owned, {}
        log.error("the warden died: %d runs are lost with it", len(owned))
        for run_id in owned:
            self._lose(run_id, "the process that watches over the worker's tasks was killed")

    def _wait(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.wait(EXIT_MAX_S)
        except subprocess.TimeoutExpired:
            log.warning("the warden %d does not end: killing it", process.pid)
            process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):  # it hangs in the kernel
                process.wait(EXIT_MAX_S)
