"""What the child process looks at: `python -m grange.worker.doctor.probes KIND UID:GID:GROUP,...`.

It reads what it is to look at from its input, as JSON, and writes what it saw to its output.
It looks as that user, or as the one who started it where none is named.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from grange.worker import posix

MOUNTS: Final = Path("/proc/self/mountinfo")
NETWORK: Final = frozenset(
    {"9p", "afs", "ceph", "cifs", "fuse.sshfs", "glusterfs", "lustre", "nfs", "nfs4", "smb3"}
)


class Folder(msgspec.Struct, frozen=True, kw_only=True):
    """How a folder looks."""

    fault: str = ""  #: why it cannot be read; "" it can
    unwritable: str = ""  #: why nothing can be written there; "" it can
    free_gb: float = 0.0
    disk: str = ""  #: type and source of its file system, such as "nfs4 box:/projects"
    remote: bool = False  #: it lies on another machine


class Gpu(msgspec.Struct, frozen=True, kw_only=True):
    """The GPUs as their driver tells."""

    names: str = ""  #: each kind once
    count: int = 0
    memory_mb: int = 0  #: of the smallest
    driver: str = ""  #: version; "" none answers


def folder(path: str) -> Folder:
    """Look at a folder, or at the nearest above it that exists where it is yet to be made."""
    try:
        os.listdir(path)  # noqa: PTH208 (as a task does)
        free_gb = shutil.disk_usage(path).free / 1e9
    except OSError as error:
        return Folder(fault=_why(error))
    kind, source = _file_system(Path(path).resolve())
    return Folder(
        unwritable=_unwritable(path),
        free_gb=free_gb,
        disk=f"{kind} {source}".strip(),
        remote=kind in NETWORK,
    )


def state_folder(path: str) -> Folder:
    """Look at a folder that may be yet to be made: then at the nearest above it."""
    there = next(item for item in (Path(path), *Path(path).parents) if item.exists())
    return folder(str(there))


def services(folders: list[str]) -> dict[str, str]:
    """Ask every service what it finds here."""
    from grange.plugins.host import available

    return available(folders)


def gpus(_about: None) -> Gpu:
    """Ask the driver for its GPUs."""
    from grange.worker.gpus import Gpus, nvml

    library = nvml()
    if library is None:
        return Gpu()
    found = Gpus(library)
    return Gpu(
        names=found.name,
        count=found.count,
        memory_mb=found.memory_mb,
        driver=str(library.nvmlSystemGetDriverVersion()),
    )


PROBES: Final[dict[str, Callable[[Any], Any]]] = {
    "folder": folder,
    "state-folder": state_folder,
    "services": services,
    "gpus": gpus,
}


def _unwritable(path: str) -> str:
    """Write a file and remove it; says why that cannot be done, "" if it can."""
    try:
        number, name = tempfile.mkstemp(prefix=".grange-doctor-", dir=path)
    except OSError as error:
        return _why(error)
    try:
        os.write(number, b"x")
        os.fsync(number)
    except OSError as error:
        return _why(error)
    finally:
        os.close(number)
        Path(name).unlink(missing_ok=True)
    return ""


def _why(error: OSError) -> str:
    words = {
        errno.ENOENT: "it does not exist",
        errno.ENOTDIR: "it is not a folder",
        errno.EACCES: "permission denied",
        errno.EROFS: "it is mounted for reading only",
        errno.ENOSPC: "its disk is full",
        errno.EDQUOT: "the quota is used up",
        errno.ESTALE: "its server has another disk there now (stale)",
        errno.ENOTCONN: "who serves it has gone away (not connected)",
    }
    return words.get(error.errno or 0, (error.strerror or str(error)).lower())


def _file_system(path: Path) -> tuple[str, str]:
    """Type and source of the file system that a path is on; "" where it is not told."""
    best = ("", "")
    depth = -1
    for place, kind, source in _mounts():
        if path.is_relative_to(place) and len(Path(place).parts) >= depth:
            best, depth = (kind, source), len(Path(place).parts)
    return best


def _mounts() -> Iterator[tuple[str, str, str]]:
    """Place, type and source of each."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        about, _, system = line.partition(" - ")
        if system.count(" ") >= 1:
            kind, source = system.split()[:2]
            yield about.split()[4].replace("\\040", " "), kind, source.replace("\\040", " ")


def main() -> None:
    """Answer one question."""
    answer = os.dup(1)
    os.dup2(2, 1)  # what plugins print is no answer
    about = msgspec.json.decode(sys.stdin.buffer.read())
    identity = posix.parse_identity(sys.argv[2])
    if identity is not None:
        os.setgroups(identity.groups)
        os.setgid(identity.gid)
        os.setuid(identity.uid)
    said = msgspec.json.encode(PROBES[sys.argv[1]](about))
    with os.fdopen(answer, "wb") as out:
        out.write(said)


if __name__ == "__main__":
    main()
