"""POV-Ray."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.program_service import ProgramService


class Povray(ProgramService):
    """Runs `povray ...`."""

    parser: ClassVar[str] = "povray"
    title: ClassVar[str] = "POV-Ray"
    program_names: ClassVar[tuple[str, ...]] = ("povray",)
    places: ClassVar[tuple[str, ...]] = ("C:/Program Files/POV-Ray/v*/bin/pvengine64.exe",)
