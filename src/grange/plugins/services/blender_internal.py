"""Blender's old internal renderer."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.services.blender import Blender


class BlenderInternal(Blender):
    """Runs `blender ...`."""

    parser: ClassVar[str] = "blender_render"
