"""Houdini."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.program_service import ProgramService


class Mantra(ProgramService):
    """Runs `mantra ...`."""

    parser: ClassVar[str] = "mantra"
    title: ClassVar[str] = "Houdini"
    program_names: ClassVar[tuple[str, ...]] = ("mantra",)
    places: ClassVar[tuple[str, ...]] = (
        "/opt/hfs*/bin/mantra",
        "C:/Program Files/Side Effects Software/Houdini*/bin/mantra.exe",
    )
