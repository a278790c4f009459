"""Disks of our own: a small one that is soon full, and one that stalls, or dies like a machine."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from chaos.allowed import NotAllowed
from chaos.processes import eventually

PIECES: Final = (64 * 1024, 1024, 1)  # bytes: a disk is filled by large ones, then by small ones
FIFREEZE: Final = 0xC004_5877  # linux/fs.h
FITHAW: Final = 0xC004_5878
SHUTDOWN: Final = 0x8004_587D  # fs/ext4/ext4.h: from now on every write is an I/O error
FLUSH: Final = 1  # what was written before is on the disk
NO_FLUSH: Final = 2  # what was not synchronised is lost, as when power fails


class SmallDisk:
    """A file system in memory over a folder; a context.

    Args:
        folder: is made where it is missing.
        size_mb: of it.
    """

    def __init__(self, folder: Path, size_mb: int) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"
        self._size_mb = size_mb

    def __enter__(self) -> Self:
        """Mount it.

        Raises:
            NotAllowed: the system says no.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        options = f"size={self._size_mb}m,mode=0700"
        _need("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Unmount it; who still has a file there keeps it until he closes it."""
        _call("umount", "--lazy", str(self.folder))

    def fill(self) -> None:
        """Leave no byte free."""
        with self._ballast.open("ab", buffering=0) as file:
            for size in PIECES:
                _write_all(file.fileno(), bytes(size))

    def free(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)

    @contextmanager
    def full(self) -> Iterator[None]:
        """No byte is free meanwhile."""
        self.fill()
        try:
            yield
        finally:
            self.free()


class FrailDisk:
    """An ext4 in a file, over a folder; a context.

    Args:
        folder: is made where it is missing.
        image: the file that holds it; made.
        size_mb: of it.
    """

    def __init__(self, folder: Path, image: Path, size_mb: int = 64) -> None:
        self.folder = folder
        self._image = image
        self._size_mb = size_mb
        self._device = ""

    def __enter__(self) -> Self:
        """Make it and mount it.

        Raises:
            NotAllowed: the system says no.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._image.open("wb") as file:
            file.truncate(self._size_mb * 1024 * 1024)
        _need("mkfs.ext4", "-q", "-F", str(self._image))
        self._device = _need("losetup", "--find", "--show", str(self._image)).strip()
        self._mount()
        self.folder.chmod(0o700)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Unmount it; who still has a file there keeps it until he closes it."""
        _call("umount", "--lazy", str(self.folder))
        _call("losetup", "--detach", self._device)

    def _mount(self) -> None:
        _need("mount", "-t", "ext4", self._device, str(self.folder))

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Whoever writes or synchronises waits meanwhile."""
        self._ask(FIFREEZE, 0)
        try:
            yield
        finally:
            self._ask(FITHAW, 0)

    def fail(self) -> None:
        """Make everything from now on an I/O error. See `repair`."""
        self._ask(SHUTDOWN, FLUSH)

    def lose_power(self) -> None:
        """The same, and lose what was not synchronised. See `repair`.

        Whoever is just synchronising may be told that it was done (jbd2 takes a transaction
        that is gone for one that is complete): stop him first, as a loss of power does.
        """
        self._ask(SHUTDOWN, NO_FLUSH)

    def repair(self) -> None:
        """Mount it anew, as it is on the disk. Nobody may have a file open there.

        Whoever made a mount namespace meanwhile, as `ip netns exec` does, holds the dead one:
        then we wait for him.

        Raises:
            OSError: somebody has a file open.
            Stuck: it stays dead.
        """
        eventually(self._lives_again, f"{self.folder} can be written to again")

    def _lives_again(self) -> bool:
        _do("umount", str(self.folder))
        self._mount()
        try:
            (self.folder / "probe").touch()
            (self.folder / "probe").unlink()
        except OSError:
            return False
        return True

    def _ask(self, request: int, argument: int) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(descriptor, request, struct.pack("I", argument))
        finally:
            os.close(descriptor)


def _write_all(descriptor: int, piece: bytes) -> None:
    """Write a piece again and again until the disk is full."""
    try:
        while True:
            os.write(descriptor, piece)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


def _need(*argv: str) -> str:
    try:
        done = _call(*argv)
    except FileNotFoundError as error:
        raise NotAllowed(f"{argv[0]} is not installed") from error
    if done.returncode != 0:
        raise NotAllowed(done.stderr.decode().strip())
    return done.stdout.decode()


def _do(*argv: str) -> None:
    done = _call(*argv)
    if done.returncode != 0:
        raise OSError(errno.EIO, f"{' '.join(argv)}: {done.stderr.decode().strip()}")


def _call(*argv: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)
