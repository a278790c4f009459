"""Maya."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.program_service import ProgramService


class Maya(ProgramService):
    """Runs `Render ...`; services of Maya's renderers are derived from it."""

    parser: ClassVar[str] = "maya"
    title: ClassVar[str] = "Maya"
    program_names: ClassVar[tuple[str, ...]] = ("Render", "mayarender")
    places: ClassVar[tuple[str, ...]] = (
        "/usr/autodesk/maya*/bin/Render",
        "/Applications/Autodesk/maya*/Maya.app/Contents/bin/Render",
        "C:/Program Files/Autodesk/Maya*/bin/Render.exe",
    )
