"""The process trees of the runs: who belongs to which, what is left, how it is ended.

The warden is the subreaper of all tasks, so a process whose parent is gone becomes the
warden's own child: whatever a run leaves behind hangs below such an orphan.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from grange.worker import procfs
from grange.worker.cgroups import Group
from grange.worker.channel import Usage

RUN_MARK: Final = "GRANGE_RUN_ID"  # in the environment of every process of a run
CLOCK_SLACK_S: Final = 0.05  # a process's start is known in ticks of 10 ms
FLOOR_PERCENT: Final = 120  # of our own peak memory: it may have grown a little since
MB: Final = 1024 * 1024
BLOCK: Final = 512  # bytes of ru_inblock


@dataclass(slots=True)
class Tree:
    """The processes of one run."""

    run_id: int
    leader: int  #: the process started for the run; its session and group bear its number
    started: float  #: on `posix.clock`
    oom_kills: int  #: of the system when it started
    ended: float | None = None  #: when the leader was reaped
    status: int = 0  #: of the leader, as wait gives it
    cpu_s: float = 0.0  #: of its reaped processes
    read_bytes: int = 0
    written_bytes: int = 0
    peak_bytes: int = 0
    need_bytes: int = 0  #: memory that it asked for; 0 none
    cpu_most_s: float = 0.0  #: that was ever measured; a child nobody waits for is in no sum
    read_most: int = 0  #: bytes, the same
    written_most: int = 0
    untouchable: set[int] = field(default_factory=set)  #: processes this user may not kill
    group: Group | None = None  #: its control group, where it has one
    crowded: bool = False  #: it had more processes at once than it may have

    def add(self, usage: resource.struct_rusage, floor: int) -> None:
        """Add what a reaped process and the children it waited for have used.

        A process begins as a copy of ours: a peak up to `floor` bytes says nothing.
        """
        self.cpu_s += usage.ru_utime + usage.ru_stime
        self.read_bytes += usage.ru_inblock * BLOCK
        self.written_bytes += usage.ru_oublock * BLOCK
        if usage.ru_maxrss * 1024 > floor:
            self.peak_bytes = max(self.peak_bytes, usage.ru_maxrss * 1024)

    def note(self, members: Sequence[procfs.Process], resident: int) -> None:
        """Note what its living processes have used so far, beside those that are reaped."""
        moved = [procfs.traffic(item.pid) for item in members]
        self.peak_bytes = max(self.peak_bytes, resident)
        cpu_s = self.cpu_s + sum(item.cpu_s for item in members)
        self.cpu_most_s = max(self.cpu_most_s, cpu_s)
        self.read_most = max(self.read_most, self.read_bytes + sum(item.read for item in moved))
        written = self.written_bytes + sum(item.written for item in moved)
        self.written_most = max(self.written_most, written)


class Trees:
    """All trees of one warden.

    Args:
        processes_max: that a run may have at once; 0 any number.
    """

    def __init__(self, processes_max: int = 0) -> None:
        self._processes_max = processes_max
        self.by_run: dict[int, Tree] = {}
        self._leaders: dict[int, Tree] = {}
        self._orphans: dict[int, Tree | None] = {}  # our children; None: whose is not clear
        self._me = os.getpid()
        self._outside = {0, os.getsid(0)}
        self._floor = 0
        self._set_floor()

    def _set_floor(self) -> None:
        self._floor = procfs.peak_bytes(self._me) * FLOOR_PERCENT // 100

    def plant(self, tree: Tree) -> None:
        """Begin a tree with its leader."""
        self.by_run[tree.run_id] = tree
        self._leaders[tree.leader] = tree

    def fell(self, tree: Tree) -> None:
        """Forget a tree of which nothing is left."""
        del self.by_run[tree.run_id]

    def reap(self, now: float) -> list[Tree]:
        """Take the exit status of every child that has ended.

        Returns:
            The trees whose leader was among them.
        """
        ended = []
        while (pid := _ended_child()) is not None:
            leads = self._leaders.get(pid)
            tree = leads or self._orphans.pop(pid, None) or self._owner_of_dead(pid)
            _, status, usage = os.wait4(pid, 0)
            self._leaders.pop(pid, None)
            if tree is not None:
                tree.add(usage, self._floor)
            if leads is not None:
                leads.status, leads.ended = status, now
                ended.append(leads)
        return ended

    def adopt(self) -> None:
        """Find the orphans that have come to us, and whose they are.

        Costs one read of /proc while nothing new is there.
        """
        present = procfs.children(self._me)
        for gone in self._orphans.keys() - present:
            del self._orphans[gone]
        for pid in present - self._leaders.keys():
            if self._orphans.get(pid) is None:
                self._orphans[pid] = self._owner(pid)

    def _owner_of_dead(self, pid: int) -> Tree | None:
        """Whose was an orphan that has ended before it was adopted."""
        try:
            return self._owner(pid)
        except OSError:  # out of files or memory: what it used is in no sum
            return None

    def _owner(self, pid: int) -> Tree | None:
        """Whose orphan is it: by its mark, its session, or as the only run it can be of."""
        mark = procfs.variable(pid, RUN_MARK)
        by_mark = {str(run_id): tree for run_id, tree in self.by_run.items()}
        if mark in by_mark:  # not int(mark): the process may have set it to anything
            return by_mark[mark]
        item = procfs.process(pid)
        if item is None:
            return None
        for tree in self.by_run.values():
            if tree.leader in (item.session, item.group) and self._owns_number(tree):
                return tree
        older = self._older(item)
        return older[0] if len(older) == 1 else None

    def _older(self, item: procfs.Process) -> list[Tree]:
        """Runs that began before a process did, and so may have made it."""
        latest = item.started + CLOCK_SLACK_S
        return [tree for tree in self.by_run.values() if tree.started <= latest]

    def _owns_number(self, tree: Tree) -> bool:
        """The number of its leader has not gone to the leader of another run."""
        return self._leaders.get(tree.leader, tree) is tree

    def is_over(self, tree: Tree) -> bool:
        """No process of it is left, as far as `adopt` has last seen."""
        return tree.ended is not None and not any(
            owner is tree for pid, owner in self._orphans.items() if pid not in tree.untouchable
        )

    def kill_strays(self) -> None:
        """End orphans that no run alive can have made."""
        for pid, owner in self._orphans.items():
            if owner is None:
                item = procfs.process(pid)
                if item is not None and not self._older(item):
                    with contextlib.suppress(OSError):
                        os.kill(pid, signal.SIGKILL)

    def ask(self, tree: Tree) -> None:
        """Send SIGTERM to each process of a tree once."""
        self.adopt()
        for item in self._members(tree, procfs.Table()):
            self._signal(tree, item, signal.SIGTERM)

    def force(self, tree: Tree) -> None:
        """Send SIGKILL to each process of a tree, whole groups at a time.

        A group dies at once, so that a process that forks cannot run away; what it
        started outside of the group is found by the next call.
        """
        self.strike(tree)
        self.adopt()
        members = self._members(tree, procfs.Table())
        for group in {item.group for item in members} - {0, os.getpgrp()}:
            with contextlib.suppress(OSError):
                os.killpg(group, signal.SIGKILL)
        for item in members:
            self._signal(tree, item, signal.SIGKILL)

    def strike(self, tree: Tree) -> None:
        """Kill what dies without being looked for, before it has grown while we look.

        All of it where it has a control group, else the leader's process group.
        """
        if tree.group is not None:
            tree.group.kill()
        if tree.ended is None:  # the group's number is nobody else's
            with contextlib.suppress(OSError):
                os.killpg(tree.leader, signal.SIGKILL)

    def _members(self, tree: Tree, table: procfs.Table) -> list[procfs.Process]:
        """The living processes of a tree; all of them descend from us."""
        roots = {pid for pid, owner in self._orphans.items() if owner is tree}
        if tree.ended is None:
            roots.add(tree.leader)
        sessions = {tree.leader} if self._owns_number(tree) else set()
        found = table.closure(roots, sessions, outside=self._outside) & table.below(self._me)
        return [table.by_pid[pid] for pid in found if table.by_pid[pid].state != "Z"]

    def _signal(self, tree: Tree, item: procfs.Process, number: signal.Signals) -> None:
        """Signal one process, and no other that got its number meanwhile."""
        try:
            descriptor = os.pidfd_open(item.pid)
        except OSError:
            return
        try:
            now = procfs.process(item.pid)
            if now is not None and now.started == item.started:
                signal.pidfd_send_signal(descriptor, number)
        except PermissionError:
            tree.untouchable.add(item.pid)
        except OSError:
            return  # it is over
        finally:
            os.close(descriptor)

    def usages(self) -> tuple[Usage, ...]:
        """What each run uses now. Reads all of /proc."""
        if not self.by_run:
            return ()
        self.adopt()
        self._set_floor()
        table = procfs.Table()
        return tuple(self._usage(tree, table) for tree in self.by_run.values())

    def _is_crowded(self, tree: Tree, processes: int) -> bool:
        """It has more processes than it may, or its group has refused it one."""
        if 0 < self._processes_max < processes:
            return True
        return tree.group is not None and tree.group.is_crowded()

    def _usage(self, tree: Tree, table: procfs.Table) -> Usage:
        members = self._members(tree, table)
        if self._is_crowded(tree, len(members)):
            tree.crowded = True
            self.strike(tree)
            members = members[: self._processes_max]  # there is no time to measure all
        resident = _resident(tree, members)
        tree.note(members, resident)
        pids = tuple(item.pid for item in members)
        read_mb, written_mb = tree.read_most // MB, tree.written_most // MB
        return Usage(tree.run_id, tree.cpu_most_s, resident // MB, pids, read_mb, written_mb)


def _ended_child() -> int | None:
    """A child that has ended and can still be looked at, for nobody has waited for it."""
    try:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return found.si_pid if found is not None else None


def _resident(tree: Tree, members: Sequence[procfs.Process]) -> int:
    """Memory of a tree, in bytes. What its processes share is looked at where it matters."""
    resident = sum(item.resident for item in members)
    if len(members) < 2 or not 0 < tree.need_bytes < resident:
        return resident
    fair = (procfs.fair_bytes(item.pid) for item in members)
    return sum(
        item.resident if part is None else part for item, part in zip(members, fair, strict=True)
    )
