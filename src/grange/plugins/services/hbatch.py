"""Houdini."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.program_service import ProgramService


class Hbatch(ProgramService):
    """Runs `hbatch ...`; services of renderers in Houdini are derived from it."""

    parser: ClassVar[str] = "hbatch"
    title: ClassVar[str] = "Houdini"
    program_names: ClassVar[tuple[str, ...]] = ("hbatch", "hython")
    places: ClassVar[tuple[str, ...]] = (
        "/opt/hfs*/bin/hbatch",
        "C:/Program Files/Side Effects Software/Houdini*/bin/hbatch.exe",
    )
