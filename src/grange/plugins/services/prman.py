"""RenderMan."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.program_service import ProgramService


class Prman(ProgramService):
    """Runs `prman ...`."""

    parser: ClassVar[str] = "prman"
    title: ClassVar[str] = "RenderMan"
    program_names: ClassVar[tuple[str, ...]] = ("prman",)
    places: ClassVar[tuple[str, ...]] = (
        "/opt/pixar/RenderManProServer-*/bin/prman",
        "/Applications/Pixar/RenderManProServer-*/bin/prman",
    )
