"""Fusion Render Node."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.program_service import ProgramService


class Fusion(ProgramService):
    """Runs `FusionRenderNode ...`."""

    parser: ClassVar[str] = "fusion"
    title: ClassVar[str] = "Fusion Render Node"
    program_names: ClassVar[tuple[str, ...]] = ("FusionRenderNode", "fusion")
    places: ClassVar[tuple[str, ...]] = (
        "C:/Program Files/Blackmagic Design/Fusion Render Node*/FusionRenderNode.exe",
        "/opt/BlackmagicDesign/FusionRenderNode*/FusionRenderNode",
    )
