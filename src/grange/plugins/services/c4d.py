"""Cinema 4D."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.program_service import ProgramService


class C4d(ProgramService):
    """Runs `Commandline ...`."""

    parser: ClassVar[str] = "c4d"
    title: ClassVar[str] = "Cinema 4D"
    program_names: ClassVar[tuple[str, ...]] = ("Commandline", "c4d")
    places: ClassVar[tuple[str, ...]] = (
        "C:/Program Files/Maxon Cinema 4D*/Commandline.exe",
        "/Applications/Maxon Cinema 4D*/Commandline.app/Contents/MacOS/Commandline",
        "/opt/maxon/cinema4d*/bin/Commandline",
    )
