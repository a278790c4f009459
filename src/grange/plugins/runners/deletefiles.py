"""`deletefiles`: delete what a job has left behind, on every system alike.

    python -m grange.plugins.runners.deletefiles [-s] [-q] [-d] PATH...

A path may be a folder, and may have * in it. What is not there is an error: exit status 1.
"""

from __future__ import annotations

import argparse
import glob
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path


def main(words: Sequence[str]) -> int:
    """Delete files and folders. Returns the exit status."""
    said = _arguments().parse_args(words)
    good = True
    for text in said.paths:
        found = list(_meant(text))
        if not found:
            print(f"there is no {text}")
            good = False
        for path in found:
            if not said.quiet:
                print(f"{'would delete' if said.debug else 'deleting'} {path}")
            if not said.debug:
                good &= _delete(path)
    return 0 if good or said.exitsuccess else 1


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="deletefiles", description="Delete files and folders.")
    parser.add_argument("paths", nargs="+", metavar="PATH")
    parser.add_argument("-s", "--exitsuccess", action="store_true", help="end with 0 in any case")
    parser.add_argument("-q", "--quiet", action="store_true", help="name errors only")
    parser.add_argument("-d", "--debug", action="store_true", help="delete nothing")
    return parser


def _meant(text: str) -> Iterator[Path]:
    """The files and folders that are there of a path, with either slash in it."""
    path = text if sys.platform == "win32" else text.replace("\\", "/")
    names = glob.glob(path) if "*" in path else [path]  # noqa: PTH207 (Path takes no absolute one)
    return (Path(name) for name in names if os.path.lexists(name))


def _delete(path: Path) -> bool:
    """Delete a file, a link as such, or a folder with all that is in it."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    except OSError as error:
        print(f"{path} cannot be deleted: {error}")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
