"""Softimage."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.program_service import ProgramService


class Xsi(ProgramService):
    """Runs `xsibatch ...`; services of renderers in Softimage are derived from it."""

    parser: ClassVar[str] = "xsi"
    title: ClassVar[str] = "Softimage"
    program_names: ClassVar[tuple[str, ...]] = ("xsibatch",)
    places: ClassVar[tuple[str, ...]] = (
        "C:/Program Files/Autodesk/Softimage*/Application/bin/xsibatch.bat",
        "/usr/Softimage/Softimage_*/Application/bin/xsibatch",
    )
