"""Progress inside a frame of Blender's Cycles and EEVEE."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.parsers.blender import Blender

_TILES = re.compile(r"Rendered (\d{1,9})/(\d{1,9}) Tiles|Path Tracing Tile (\d{1,9})/(\d{1,9})")
_SAMPLES = re.compile(r"Sample (\d{1,9})/(\d{1,9})|Rendering (\d{1,9}) / (\d{1,9}) samples")


class BlenderCycles(Blender):
    """Reads samples and tiles; what is outside a frame is read as by `Blender`."""

    @override
    def frame_share(self, line: str) -> float | None:
        """Say how much of its frame is done: of its tiles, and of the tile's samples."""
        samples = _share(_SAMPLES, line)
        tiles = _TILES.search(line)
        if tiles is None:
            return samples
        done, total = (int(number) for number in tiles.groups() if number is not None)
        if done >= total:
            return 1.0
        if tiles[3] is not None:  # names the tile under way, of several at once: samples mislead
            return done / max(1, total)
        return (done + (samples or 0.0)) / max(1, total)


def _share(pattern: re.Pattern[str], line: str) -> float | None:
    match = pattern.search(line)
    if match is None:
        return None
    done, total = (int(number) for number in match.groups() if number is not None)
    return min(1.0, done / max(1, total))
