"""The warden: a small process of one thread that owns the processes of all runs.

It starts them, waits for them, and ends their whole trees: when it is told to, when the
main process of a run is over, when the lease ends, and when the daemon dies.

    python -I -m grange.worker.warden DESCRIPTOR NICE UID:GID:GROUP,... GROUPS PROCESSES
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
from pathlib import Path
from typing import Final

from grange.worker import posix, procfs
from grange.worker.cgroups import Group, Groups
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
    """State of the process.

    Args:
        channel: to the daemon.
        nice: of the tasks' processes.
        identity: whose they are; None our own user's.
        groups: where runs get control groups; None they get none.
        processes_max: that a run may have at once; 0 any number.
    """

    def __init__(
        self,
        channel: Channel[Report, Order],
        nice: int,
        identity: posix.Identity | None,
        groups: Groups | None,
        processes_max: int,
    ) -> None:
        self._channel = channel
        self._identity = identity
        self._nice = nice
        self._groups = groups
        self._processes_max = processes_max
        self._trees = Trees(processes_max)
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
        group = self._group(order)
        try:
            pid = self._start(order, output, group)
        except posix.CannotStart as error:
            self._drop(group)
            self._reports.append(NotStarted(order.run_id, clean(str(error))))
            return
        finally:
            os.close(output)
        if self._nice:
            posix.lower_priority(pid, self._nice)
        tree = Tree(order.run_id, pid, posix.clock(), self._oom_kills, group=group)
        tree.need_bytes = order.need_memory_mb * MB
        self._trees.plant(tree)
        self._reports.append(Started(order.run_id, pid))

    def _group(self, order: Spawn) -> Group | None:
        group = self._groups.make(order.run_id) if self._groups is not None else None
        if group is not None:
            most = self._processes_max
            group.limit(memory_max_mb=order.memory_max_mb, processes_max=most)
        return group

    def _drop(self, group: Group | None) -> None:
        if self._groups is not None and group is not None:
            self._groups.drop(group)

    def _start(self, order: Spawn, output: int, group: Group | None) -> int:
        folder, argv = order.working_directory, order.argv
        environment = self._base | order.environment
        if self._identity is None and group is None:
            posix.enter(folder)
            return posix.spawn(argv, environment, output)
        try:
            inside = group.open() if group is not None else None
        except OSError as error:
            raise posix.CannotStart(f"control group {error.filename}: {error.strerror}") from error
        try:
            return posix.spawn_forked(
                folder, argv, environment, output, identity=self._identity, group=inside
            )
        finally:
            if inside is not None:
                os.close(inside)

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
        for tree in self._trees.by_run.values():
            if tree.crowded:
                self._dying.setdefault(tree.run_id, Dying())

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
        if tree.group is not None:
            used = tree.group.used()
            tree.cpu_s = max(tree.cpu_s, used.cpu_s)
            tree.crowded = tree.crowded or used.crowded
            out_of_memory = out_of_memory or (code != 0 and used.out_of_memory)
        del self._dying[tree.run_id]
        self._fell(tree)
        killed = code < 0
        ended = tree.ended if tree.ended is not None else tree.started
        self._reports.append(
            Gone(
                run_id=tree.run_id,
                exit_code=None if killed else code,
                signal=-code if killed else None,
                duration_s=ended - tree.started,
                cpu_s=max(tree.cpu_s, tree.cpu_most_s),
                peak_memory_mb=tree.peak_bytes // MB,
                read_mb=max(tree.read_bytes, tree.read_most) // MB,
                written_mb=max(tree.written_bytes, tree.written_most) // MB,
                out_of_memory=out_of_memory,
                untouchable=tuple(tree.untouchable),
                crowded=tree.crowded,
            )
        )

    def _fell(self, tree: Tree) -> None:
        self._trees.fell(tree)
        self._drop(tree.group)

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
                self._fell(tree)


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
    groups = Groups(Path(sys.argv[4])) if sys.argv[4] else None
    if groups is not None and not groups.work():
        groups = None
    processes_max = int(sys.argv[5])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # only the daemon decides when this ends
    posix.become_subreaper()
    posix.prefer_out_of_memory()
    posix.leave_processes()
    sock = socket.socket(fileno=descriptor)
    sock.setblocking(False)
    sock.set_inheritable(False)  # a task that had it could give us orders
    channel: Channel[Report, Order] = Channel(sock, orders_decoder())
    Warden(channel, nice, identity, groups, processes_max).run()


if __name__ == "__main__":
    main()
