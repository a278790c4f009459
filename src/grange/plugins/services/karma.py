"""Houdini."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.program_service import ProgramService


class Karma(ProgramService):
    """Runs `husk ...`."""

    parser: ClassVar[str] = "karma"
    title: ClassVar[str] = "Houdini"
    program_names: ClassVar[tuple[str, ...]] = ("husk",)
    places: ClassVar[tuple[str, ...]] = (
        "/opt/hfs*/bin/husk",
        "C:/Program Files/Side Effects Software/Houdini*/bin/husk.exe",
    )
