"""Natron."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.program_service import ProgramService


class Natron(ProgramService):
    """Runs `NatronRenderer ...`."""

    parser: ClassVar[str] = "natron"
    title: ClassVar[str] = "Natron"
    program_names: ClassVar[tuple[str, ...]] = ("NatronRenderer", "natron")
    places: ClassVar[tuple[str, ...]] = (
        "/opt/Natron*/NatronRenderer",
        "/Applications/Natron.app/Contents/MacOS/NatronRenderer",
    )
