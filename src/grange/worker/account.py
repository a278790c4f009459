"""The system's user that tasks run as, where it is not the worker's own."""

from __future__ import annotations

import os
import pwd
from typing import NamedTuple, Self

from grange.worker.errors import WorkerCannotRun


class Account(NamedTuple):
    """What a process needs to become a user."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str
    shell: str

    @classmethod
    def of(cls, name: str) -> Self:
        """Look a user up.

        Raises:
            WorkerCannotRun: there is none of this name, or we may not become it.
        """
        if os.getuid() != 0:
            raise WorkerCannotRun(f"only root can run tasks as another user ({name})")
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            raise WorkerCannotRun(f"this machine has no user {name!r} to run tasks as") from None
        groups = os.getgrouplist(name, entry.pw_gid)
        return cls(name, entry.pw_uid, entry.pw_gid, tuple(groups), entry.pw_dir, entry.pw_shell)

    def ids(self) -> str:
        """Write the numbers as the warden's argument."""
        return ":".join((str(self.uid), str(self.gid), ",".join(map(str, self.groups))))

    def variables(self) -> dict[str, str]:
        """What login sets."""
        return {
            "HOME": self.home,
            "USER": self.name,
            "LOGNAME": self.name,
            "SHELL": self.shell,
        }


def task_account(run_as: str, *, allow_root: bool) -> Account | None:
    """Find out whom tasks run as; None is the worker's own user.

    Raises:
        WorkerCannotRun: they would run as root, or cannot run as that user.
    """
    if run_as:
        return Account.of(run_as)
    if os.getuid() == 0 and not allow_root:
        raise WorkerCannotRun(
            "the worker would run every task as root: start it as another user, "
            "name one for the tasks (--run-as USER), or allow it (--allow-root)"
        )
    return None
