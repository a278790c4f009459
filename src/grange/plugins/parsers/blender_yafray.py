"""YafaRay inside Blender."""

from __future__ import annotations

from typing_extensions import override

from grange.plugins.parser import Arguments
from grange.plugins.parsers.blender import Blender
from grange.plugins.parsers.yafray import PASS, share


class BlenderYafray(Blender):
    """Reads Blender's frames and YafaRay's bar."""

    @override
    def do(self, i_args: Arguments) -> str | None:
        """Follow the frames, note the files and count the bar's marks."""
        for line in i_args["data"].splitlines():
            super().do({**i_args, "data": line})
            if bar := PASS.search(line):
                self.percentframe = int(100 * share(bar))
                self.calculate()
        return None
