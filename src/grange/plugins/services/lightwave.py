"""LightWave."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.program_service import ProgramService


class Lightwave(ProgramService):
    """Runs `lwsn ...`."""

    parser: ClassVar[str] = "lightwave"
    title: ClassVar[str] = "LightWave"
    program_names: ClassVar[tuple[str, ...]] = ("lwsn",)
    places: ClassVar[tuple[str, ...]] = ("C:/Program Files/LightWave*/bin/lwsn.exe",)
