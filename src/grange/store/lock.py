"""A lock on a file that lives as long as the process which took it."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from grange.store.store import StoreInUse

if sys.platform == "win32":
    import msvcrt

    _LOCKED_BYTE = 1 << 30  # beyond the text, which others may then read

    def _try_lock(fd: int) -> None:
        os.lseek(fd, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        os.lseek(fd, 0, os.SEEK_SET)

else:
    import fcntl

    def _try_lock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """Holds a file locked; the system lets go when the process ends, however it ends.

    Args:
        path: of the file, which is made and stays.

    Raises:
        StoreInUse: someone else holds it.
    """

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _try_lock(self._fd)
        except OSError as error:
            holder = _read_pid(self._fd)
            self.release()
            raise StoreInUse(
                f"{path} is locked by {holder}: stop that server first, or use another store"
            ) from error
        with contextlib.suppress(OSError):  # a full disk must not keep us from the lock
            os.ftruncate(self._fd, 0)
            os.write(self._fd, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Unlock. Harmless when repeated."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _read_pid(fd: int) -> str:
    text = os.read(fd, 20).decode("ascii", "replace").strip()
    return f"process {text}" if text.isdigit() else "another process"
