"""REDline."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.program_service import ProgramService


class Redline(ProgramService):
    """Runs `REDline ...`."""

    parser: ClassVar[str] = "redline"
    title: ClassVar[str] = "REDline"
    program_names: ClassVar[tuple[str, ...]] = ("REDline",)
    places: ClassVar[tuple[str, ...]] = (
        "/Applications/REDCINE-X Professional/REDCINE-X PRO.app/Contents/MacOS/REDline",
        "C:/Program Files/REDCINE-X PRO*/REDline.exe",
    )
