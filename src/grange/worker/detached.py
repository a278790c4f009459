"""A process that becomes a launched command, with what a task may have and no more.

    python -I -m grange.worker.detached NICE UID:GID:GROUP,... PROGRAM ARGUMENT ...

NICE is its nice value; the numbers say whom it runs as, and are empty for our own user.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Final

from grange.worker import posix

LOG_MAX: Final = 1024 * 1024  # bytes of output that are kept, from the first on
FILES_USUAL: Final = 1_024  # open files, as a login has them
POUR: Final = f'"$@" 2>&1 | {{ head -c {LOG_MAX}; cat > /dev/null; }}'


def main(nice: str, identity: str, *argv: str) -> None:
    """Become the command, in the session that is ours already. Does not return.

    What it prints goes through two small processes, for it may live much longer than the
    worker, and a file that only grows would fill the disk.
    """
    for number in posix.RESET_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    posix.prefer_out_of_memory()
    posix.leave_processes()
    posix.limit_files(os.getpid(), FILES_USUAL)
    posix.lower_priority(os.getpid(), int(nice))
    whom = posix.parse_identity(identity)
    if whom is not None:
        os.setgroups(whom.groups)
        os.setgid(whom.gid)
        os.setuid(whom.uid)
    os.execv(posix.SHELL, ("sh", "-c", POUR, "sh", *argv))  # noqa: S606 (that is its purpose)


if __name__ == "__main__":
    main(*sys.argv[1:])
