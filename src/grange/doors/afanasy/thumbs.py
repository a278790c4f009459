"""Names of thumbnails as the web page knows them: paths of files that no file has."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from grange.store.pictures import Thumbnail

STEM_MAX: Final = 100  # characters of the file's name that are shown
_BAD: Final = re.compile(r"[^\w.\-]", re.ASCII)
_PATH: Final = re.compile(r"/(\d{1,15})/(\d{1,15})/(\d{1,2})/[\w.\-]{1,200}", re.ASCII)


class Meant(NamedTuple):
    """A thumbnail of the album."""

    job_id: int
    run_id: int
    number: int


def path(job_id: int, found: Thumbnail) -> str:
    """The path of a thumbnail. It ends with the name of the file that it shows, and `.jpg`."""
    name = found.name.replace("\\", "/").rpartition("/")[2]
    stem = _BAD.sub("_", name)[-STEM_MAX:] or "thumbnail"
    return f"/{job_id}/{found.run_id}/{found.number}/{stem}.jpg"


def meant(path: str) -> Meant | None:
    """The thumbnail of a path; None: no path of ours."""
    found = _PATH.fullmatch(path)
    return Meant(*map(int, found.groups())) if found is not None else None
