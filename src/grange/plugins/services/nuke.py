"""Nuke."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.program_service import ProgramService


class Nuke(ProgramService):
    """Runs `nuke ...`, which wants / in paths on every system."""

    parser: ClassVar[str] = "nuke"
    unix_separators: ClassVar[bool] = True
    title: ClassVar[str] = "Nuke"
    program_names: ClassVar[tuple[str, ...]] = ("nuke", "Nuke")
    places: ClassVar[tuple[str, ...]] = (
        "/usr/local/Nuke*/Nuke[0-9]*",
        "/Applications/Nuke*/Nuke*.app/Contents/MacOS/Nuke[0-9]*",
        "C:/Program Files/Nuke*/Nuke[0-9]*.exe",
    )
