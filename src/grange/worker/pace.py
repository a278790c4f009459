"""Which work is so quick and so sure that the event loop may do it itself.

Handing work to a thread and back costs more than the plain service and its parser need.
Whatever may hang stays in the threads: other services, files to check, mounts of other
machines.
"""

from __future__ import annotations

import os
from typing import Final

import psutil

from grange.model.run import RunSpec

PLAIN: Final = "generic"  # the service and the parser that only compute
SLOW_S: Final = 0.05  # work that took so long was not quick
REST_S: Final = 60.0  # after it, everything goes to the threads for a while
FRESH_S: Final = 60.0  # what is known of a folder holds so long
FOLDERS_MAX: Final = 1_000  # folders that are known

LOCAL: Final = frozenset(
    {"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs", "tmpfs", "overlay"}
)


class Pace:
    """Knows folders and past trouble.

    Args:
        own_folder: where runs have their folders; if it is not local, nothing is quick.
        own_plugins: no studio's folders, in which the plain service could be another.
    """

    def __init__(self, own_folder: str, *, own_plugins: bool) -> None:
        self._may_be_quick = own_plugins and is_local(own_folder)
        self._folders: dict[str, tuple[float, bool]] = {}  # when it was learnt, is it local
        self._rest_until = float("-inf")

    def is_quick(self, run: RunSpec, now: float) -> bool:
        """Loading and judging this run will neither hang nor take long."""
        learnt, local = self._folders.get(run.working_directory, (0.0, False))
        return (
            self._may_be_quick
            and local
            and run.service == PLAIN
            and run.parser in ("", PLAIN)
            and not (run.skip_existing_files or run.check_rendered_files)
            and now < learnt + FRESH_S
            and now >= self._rest_until
        )

    def learn(self, run: RunSpec, folder: str, now: float) -> None:
        """Find out about the folder that a run works in. May hang: call it in a thread.

        Args:
            run: of the plain service, or nothing is learnt.
            folder: where its process works.
            now: on `posix.clock`.
        """
        learnt, _ = self._folders.get(run.working_directory, (float("-inf"), False))
        if run.service != PLAIN or now < learnt + FRESH_S / 2:
            return
        if len(self._folders) >= FOLDERS_MAX:
            self._folders.clear()  # they are soon learnt again
        self._folders[run.working_directory] = now, is_local(folder)

    def took(self, seconds: float, now: float) -> None:
        """Note how long quick work took."""
        if seconds > SLOW_S:
            self._rest_until = now + REST_S


def is_local(folder: str) -> bool:
    """A folder lies on a disk of this machine, as far as its file system's name tells."""
    path = os.path.realpath(folder) + "/"
    found = "", ""
    for part in psutil.disk_partitions(all=True):
        mount = part.mountpoint.rstrip("/") + "/"
        if path.startswith(mount) and len(mount) >= len(found[0]):
            found = mount, part.fstype
    return found[1] in LOCAL
