"""After Effects."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.program_service import ProgramService


class Afterfx(ProgramService):
    """Runs `aerender ...`."""

    parser: ClassVar[str] = "afterfx"
    title: ClassVar[str] = "After Effects"
    program_names: ClassVar[tuple[str, ...]] = ("aerender",)
    places: ClassVar[tuple[str, ...]] = (
        "C:/Program Files/Adobe/Adobe After Effects*/Support Files/aerender.exe",
        "/Applications/Adobe After Effects*/aerender",
    )
