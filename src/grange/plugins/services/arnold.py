"""Arnold."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.program_service import ProgramService


class Arnold(ProgramService):
    """Runs `kick ...`."""

    parser: ClassVar[str] = "arnold"
    title: ClassVar[str] = "Arnold"
    program_names: ClassVar[tuple[str, ...]] = ("kick",)
    places: ClassVar[tuple[str, ...]] = (
        "/opt/arnold*/bin/kick",
        "/usr/autodesk/arnold/maya*/bin/kick",
    )
