"""The warden: a small process of one thread that owns the processes of all runs.

It starts them, waits for them, and ends their whole trees: when it is told to, when the
main process of a run is over, when the lease ends, and when the daemon dies.

    python -I -m grange.worker.warden DESCRIPTOR NICE UID:GID:GROUP,...
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from grange.worker import posix, procfs
from grange.worker.channel import (
    Channel,
    ChannelClosed,
    Gone,
    Hold,
    Kill,
    Measure,
    Measured,
    NotStarted,
    Order,
    Report,
    Spawn,
    Started,
    orders_decoder,
)
from grange.worker.texts import clean
from grange.worker.trees import MB, Tree, Trees

RETRY_S: Final = 0.02  # between two looks at a tree that does not die
RETRY_MAX_S: Final = 1.0  # the same for one stuck in the kernel
ABANDON_S: Final = 5.0  # after the daemon's death: leave what the kernel will not let die
OOM_CODES: Final = (-signal.SIGKILL, 128 + signal.SIGKILL)  # itself, or the child of a shell
FOREVER: Final = float("inf")


@dataclass(slots=True)
class Dying:
    """A run that is being ended by force: when to look again."""

    next_at: float = 0.0
    pause_s: float = RETRY_S / 2


class Warden:
    """State of the process."""

    def __init__(
        self, channel: Channel[Report, Order], nice: int, identity: posix.Identity | None
    ) -> None:
        self._channel = channel
        self._identity = identity
        self._nice = nice
        self._trees = Trees()
        self._dying: dict[int, Dying] = {}  # runs of which nothing may be left
        self._until = FOREVER  # end of the lease
        self._base = dict(os.environb)
        self._reports: list[Report] = []
        self._oom_kills = procfs.oom_kills()

    def run(self) -> None:
        """Serve until the daemon is gone; then end everything."""
        wakeup, signalled = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(signalled, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        poll = select.poll()
        poll.register(wakeup, select.POLLIN)
        events = 0
        try:
            while True:
                wanted = select.POLLIN if self._channel.flush() else select.POLLIN | select.POLLOUT
                if wanted != events:
                    events = wanted
                    poll.register(self._channel, events)
                ready = {descriptor for descriptor, _event in poll.poll(self._pause_ms())}
                if wakeup in ready:
                    os.read(wakeup, 4_096)
                if self._channel.fileno() in ready:
                    self._obey(self._channel.receive())
                if not _seen(self._look):
                    self._look_later()
                self._say()
        except ChannelClosed:
            self._end_all()

    def _pause_ms(self) -> float | None:
        wanted = [dying.next_at for dying in self._dying.values()]
        if self._trees.by_run:
            wanted.append(self._until)
        soonest = min(wanted, default=FOREVER)
        if soonest == FOREVER:
            return None
        return max(0.0, soonest - posix.clock()) * 1_000 + 1

    def _say(self) -> None:
        if self._reports:
            reports, self._reports = self._reports, []
            self._channel.send(reports)

    def _obey(self, orders: list[Order]) -> None:
        for order in orders:
            match order:
                case Spawn():
                    self._spawn(order)
                case Kill(run_id, hard):
                    self._kill(run_id, hard=hard)
                case Hold(until):
                    self._until = until
                case Measure():
                    _seen(self._measure)  # else the next beat asks again

    def _spawn(self, order: Spawn) -> None:
        output = self._channel.fds.popleft()
        environment = self._base | order.environment
        try:
            pid = self._start(order, environment, output)
        except posix.CannotStart as error:
            self._reports.append(NotStarted(order.run_id, clean(str(error))))
            return
        finally:
            os.close(output)
        if self._nice:
            posix.lower_priority(pid, self._nice)
        self._trees.plant(Tree(order.run_id, pid, posix.clock(), self._oom_kills))
        self._reports.append(Started(order.run_id, pid))

    def _start(self, order: Spawn, environment: dict[bytes, bytes], output: int) -> int:
        folder, argv = order.working_directory, order.argv
        if self._identity is not None:
            return posix.spawn_as(self._identity, folder, argv, environment, output)
        posix.enter(folder)
        return posix.spawn(argv, environment, output)

    def _kill(self, run_id: int, *, hard: bool) -> None:
        tree = self._trees.by_run.get(run_id)
        if tree is None:
            return
        if hard:
            self._dying.setdefault(run_id, Dying())
        else:
            _seen(partial(self._trees.ask, tree))  # else it is forced in time

    def _measure(self) -> None:
        self._oom_kills = procfs.oom_kills()
        self._reports.append(Measured(self._trees.usages()))

    def _look(self) -> None:
        """Reap what ended, force what must not be left, report what is over."""
        now = posix.clock()
        if now >= self._until:
            for run_id in self._trees.by_run:
                self._dying.setdefault(run_id, Dying())
        for tree in self._trees.reap(now):
            self._dying.setdefault(tree.run_id, Dying())
        if not self._dying:
            return
        self._trees.adopt()
        for run_id, dying in list(self._dying.items()):
            tree = self._trees.by_run[run_id]
            if self._trees.is_over(tree):
                self._report(tree)
            elif now >= dying.next_at:
                self._trees.force(tree)
                dying.pause_s = min(dying.pause_s * 2, RETRY_MAX_S)
                dying.next_at = now + dying.pause_s
        self._trees.kill_strays()

    def _look_later(self) -> None:
        """Out of files or memory: what is dying is looked at again in a while."""
        later = posix.clock() + RETRY_MAX_S
        for dying in self._dying.values():
            dying.next_at = max(dying.next_at, later)

    def _report(self, tree: Tree) -> None:
        code = os.waitstatus_to_exitcode(tree.status)
        out_of_memory = code in OOM_CODES and self._memory_ended_since(tree)
        del self._dying[tree.run_id]
        self._trees.fell(tree)
        killed = code < 0
        ended = tree.ended if tree.ended is not None else tree.started
        self._reports.append(
            Gone(
                run_id=tree.run_id,
                exit_code=None if killed else code,
                signal=-code if killed else None,
                duration_s=ended - tree.started,
                cpu_s=tree.cpu_s,
                peak_memory_mb=tree.peak_bytes // MB,
                read_mb=tree.read_bytes // MB,
                written_mb=tree.written_bytes // MB,
                out_of_memory=out_of_memory,
                untouchable=tuple(tree.untouchable),
            )
        )

    def _memory_ended_since(self, tree: Tree) -> bool:
        self._oom_kills = procfs.oom_kills()
        return self._oom_kills > tree.oom_kills

    def _end_all(self) -> None:
        """Kill every tree and wait until nothing is left."""
        give_up = posix.clock() + ABANDON_S
        poll = select.poll()
        while self._trees.by_run and posix.clock() < give_up:
            _seen(self._force_all)
            poll.poll(RETRY_S * 1_000)
            self._trees.reap(posix.clock())
            _seen(self._fell_all)

    def _force_all(self) -> None:
        for tree in list(self._trees.by_run.values()):
            self._trees.force(tree)

    def _fell_all(self) -> None:
        self._trees.adopt()
        for tree in list(self._trees.by_run.values()):
            if self._trees.is_over(tree):
                self._trees.fell(tree)


def _seen(what: Callable[[], None]) -> bool:
    """Do what looks at processes; false if we are out of files or memory and cannot look."""
    try:
        what()
    except OSError as error:
        if error.errno not in procfs.BLIND:
            raise
        return False
    return True


def main() -> None:
    """Run as the daemon's child."""
    descriptor, nice = int(sys.argv[1]), int(sys.argv[2])
    identity = posix.parse_identity(sys.argv[3])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # only the daemon decides when this ends
    posix.become_subreaper()
    posix.prefer_out_of_memory()
    sock = socket.socket(fileno=descriptor)
    sock.setblocking(False)
    sock.set_inheritable(False)  # a task that had it could give us orders
    Warden(Channel(sock, orders_decoder()), nice, identity).run()


if __name__ == "__main__":
    main()
