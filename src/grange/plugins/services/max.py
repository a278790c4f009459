"""3ds Max."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.program_service import ProgramService


class Max(ProgramService):
    """Runs `3dsmaxcmd ...`."""

    parser: ClassVar[str] = "max"
    title: ClassVar[str] = "3ds Max"
    program_names: ClassVar[tuple[str, ...]] = ("3dsmaxcmd",)
    places: ClassVar[tuple[str, ...]] = ("C:/Program Files/Autodesk/3ds Max*/3dsmaxcmd.exe",)
