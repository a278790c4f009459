"""Progress inside a frame of Blender's old internal renderer."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.parsers.blender import Blender

_PART = re.compile(r"Part (\d{1,9})-(\d{1,9})")


class BlenderRender(Blender):
    """Reads parts; what is outside a frame is read as by `Blender`."""

    @override
    def frame_share(self, line: str) -> float | None:
        """Say how many of its frame's parts are done."""
        part = _PART.search(line)
        return min(1.0, int(part[1]) / max(1, int(part[2]))) if part else None
