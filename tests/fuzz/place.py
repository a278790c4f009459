"""A folder for the files of the fuzzers, gone when the process ends."""

from __future__ import annotations

import atexit
import tempfile
from pathlib import Path

_MADE = tempfile.TemporaryDirectory(prefix="grange-fuzz-")
atexit.register(_MADE.cleanup)
FOLDER = Path(_MADE.name)


def kept(name: str, data: bytes) -> Path:
    """A file with these bytes, for its owner only."""
    path = FOLDER / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(0o600)
    return path
