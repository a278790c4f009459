"""Control groups of our own, one for each run (Linux, cgroup v2), where we may make them.

    <our group>/grange-worker        the daemon and its warden, where our group hands limits down
    <our group>/grange-<mark>/       the runs of one state folder
    <our group>/grange-<mark>/<run>  one run: its limits, what it used, and its end at a stroke

We may where a service manager has delegated our group to us (`Delegate=yes`), or as root.
Which limits there are depends on the controllers that our group can hand down.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
from pathlib import Path
from typing import Final, NamedTuple, Self

from grange.worker import posix

log = logging.getLogger(__name__)

WANTED: Final = ("memory", "pids", "cpu")  # controllers
ASIDE: Final = "grange-worker"  # where we are ourselves
OWN: Final = Path("/proc/self/cgroup")
MOUNTS: Final = Path("/proc/self/mountinfo")
PLACE: Final = 4  # field of mountinfo: where it is mounted; the one before, what of it
MB: Final = 1024 * 1024


class Used(NamedTuple):
    """What the processes of a group have used together; 0 and false where it is not counted."""

    cpu_s: float
    out_of_memory: bool  #: the kernel killed one, for the group had used up its memory
    crowded: bool  #: one was refused a process, for there were as many as there may be


class Group:
    """The group of one run.

    Args:
        folder: of it; it exists.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self) -> int:
        """Give a descriptor by which a process can be started inside."""
        return os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def limit(self, *, memory_max_mb: int, processes_max: int) -> None:
        """Set limits, each where its controller is there; 0 is none.

        Args:
            memory_max_mb: at it the kernel kills one of the group.
            processes_max: processes and threads at once.
        """
        for name, value in (("memory.max", memory_max_mb * MB), ("pids.max", processes_max)):
            if value and (self.folder / name).exists():
                with contextlib.suppress(OSError):
                    _write(self.folder / name, str(value))

    def kill(self) -> None:
        """Send SIGKILL to every process of the group at once; needs Linux 5.14."""
        with contextlib.suppress(OSError):
            _write(self.folder / "cgroup.kill", "1")

    def used(self) -> Used:
        """Read what it has used. Costs three small files."""
        return Used(
            cpu_s=_counter(self.folder / "cpu.stat", "usage_usec") / 1e6,
            out_of_memory=_counter(self.folder / "memory.events", "oom_kill") > 0,
            crowded=self.is_crowded(),
        )

    def is_crowded(self) -> bool:
        """Whether one of it was refused a process, for there were as many as there may be."""
        return _counter(self.folder / "pids.events", "max") > 0

    def remove(self) -> bool:
        """Remove it; false while a process is inside."""
        with contextlib.suppress(OSError):
            self.folder.rmdir()
        return not self.folder.exists()


class Groups:
    """The groups of all runs of a warden.

    Args:
        folder: where they are made; it exists.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stale: list[Group] = []  # that could not be removed yet

    def make(self, run_id: int) -> Group | None:
        """Make a group for a run; None where the system refuses."""
        self._stale = [group for group in self._stale if not group.remove()]
        folder = self._folder / str(run_id)
        try:
            folder.mkdir(exist_ok=True)
        except OSError:
            return None
        return Group(folder)

    def work(self) -> bool:
        """Whether a process can be started in one: the kernel may be too old, or forbid it.

        For a process of one thread, see `posix.fork_into`.
        """
        group = self.make(0)
        if group is None:
            return False
        try:
            folder = group.open()
        except OSError:
            return False
        try:
            pid = posix.fork_into(folder)
        except OSError:
            return False
        finally:
            os.close(folder)
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        self.drop(group)
        return True

    def drop(self, group: Group) -> None:
        """Remove the group of a run that is over, now or as soon as it can be."""
        if not group.remove():
            group.kill()
            self._stale.append(group)


class Ground(NamedTuple):
    """Where groups can be made, and what they can do there."""

    folder: Path  #: our own group
    controllers: tuple[str, ...]  #: that groups below it have, or can be given
    free: bool  #: controllers can be handed down: nobody else is in our group

    @property
    def limits(self) -> bool:
        """Whether memory and processes of a run can be limited."""
        return {"memory", "pids"} <= {*self.controllers}

    @classmethod
    def find(cls, own: Path = OWN, mounts: Path = MOUNTS) -> Self | None:
        """Look at our own group; None where there is none, or none can be made below it."""
        folder = own_group(own, mounts)
        if folder is None:
            return None
        if folder.name == ASIDE:  # we were moved there, before we started ourselves anew
            folder = folder.parent
        needed = (folder, folder / "cgroup.procs", folder / "cgroup.subtree_control")
        if not all(os.access(path, os.W_OK) for path in needed):
            return None
        free = _is_root(folder) or {*_numbers(folder / "cgroup.procs")} <= {os.getpid()}
        there = folder / ("cgroup.controllers" if free else "cgroup.subtree_control")
        found = _text(there).split()
        return cls(folder, tuple(name for name in WANTED if name in found), free)

    def prepare(self, mark: str) -> Path:
        """Make the folder of all runs; returns it.

        A group that hands controllers down may hold no process itself, so we move aside.

        Args:
            mark: id of the state folder.

        Raises:
            OSError: the system refuses after all.
        """
        runs = self.folder / f"grange-{mark}"
        runs.mkdir(exist_ok=True)
        for folder in runs.iterdir():
            if folder.is_dir():  # of a former life
                Group(folder).kill()
                Group(folder).remove()
        if self.free:
            if self.controllers and not _is_root(self.folder):
                (self.folder / ASIDE).mkdir(exist_ok=True)
                _write(self.folder / ASIDE / "cgroup.procs", str(os.getpid()))
            _hand_down(self.folder, self.controllers)
        _hand_down(runs, self.controllers)
        return runs


def folder_of_runs(mark: str) -> Path | None:
    """Make the folder of all runs; None where their groups could limit nothing.

    Args:
        mark: id of the state folder.
    """
    ground = Ground.find()
    if ground is None or not ground.limits:
        return None
    try:
        return ground.prepare(mark)
    except OSError as error:
        log.warning("no control groups for the runs: %s", error)
        return None


def own_group(own: Path = OWN, mounts: Path = MOUNTS) -> Path | None:
    """The folder of our own group; None where this system has no such groups."""
    groups = [line[len("0::") :] for line in _text(own).splitlines() if line.startswith("0::/")]
    for line in _text(mounts).splitlines():
        fields, _, kind = line.partition(" - ")
        words = [_unescaped(word) for word in fields.split()]
        if groups and kind.startswith("cgroup2 ") and len(words) > PLACE:
            root, place = words[PLACE - 1].rstrip("/"), words[PLACE]
            inside = groups[0].removeprefix(root) if groups[0].startswith(root) else groups[0]
            folder = Path(place) / inside.lstrip("/")
            return folder if folder.is_dir() else None
    return None


def _unescaped(field: str) -> str:
    """A path of mountinfo, in which blanks and the like are octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field)


def _is_root(folder: Path) -> bool:
    """The system's own root group, which alone may hold processes and hand down."""
    return not (folder / "cgroup.type").exists()


def _hand_down(folder: Path, controllers: tuple[str, ...]) -> None:
    if controllers:
        _write(folder / "cgroup.subtree_control", " ".join(f"+{name}" for name in controllers))


def _numbers(path: Path) -> list[int]:
    return [int(word) for word in _text(path).split()]


def _counter(path: Path, name: str) -> int:
    """A number of a file of lines `name number`; 0 where it is not there."""
    for line in _text(path).splitlines():
        found, _, number = line.partition(" ")
        if found == name and number.isdecimal():
            return int(number)
    return 0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def _write(path: Path, text: str) -> None:
    """Write to a file of the kernel's, in one piece."""
    with path.open("w", encoding="ascii") as file:
        file.write(text)
