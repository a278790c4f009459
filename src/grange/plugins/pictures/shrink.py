"""Read a picture band by band and make it small on the way: memory does not follow its size."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, Self

import numpy as np

from grange.plugins.pictures.channels import Chosen
from grange.plugins.pictures.colour import Pixels
from grange.plugins.pictures.reading import Unfit

PIXELS_MAX: Final = 200_000_000  # of a picture, and of the frame that it belongs into
CHANNELS_MAX: Final = 64  # between the first and the last that is wanted
BAND: Final = 8 * 1024 * 1024  # numbers of a band
BRIGHT: Final = 65_504.0  # the largest half; what is brighter is as bright
STRETCH_MAX: Final = 10.0  # width of a pixel by its height, or the other way round


class Box(NamedTuple):
    """A window of pixels."""

    x: int
    y: int
    width: int
    height: int

    @classmethod
    def of_frame(cls, spec: Any) -> Self:
        """The display window; the data window, if nothing of that would be seen."""
        data = cls(spec.x, spec.y, spec.width, spec.height)
        frame = cls(spec.full_x, spec.full_y, spec.full_width, spec.full_height)
        seen = frame.width > 0 and frame.height > 0
        seen = seen and frame.x < data.x + data.width and data.x < frame.x + frame.width
        seen = seen and frame.y < data.y + data.height and data.y < frame.y + frame.height
        return frame if seen else data


def check(chosen: Chosen) -> None:
    """Refuse what is no flat picture of a size that somebody renders.

    Raises:
        Unfit: it is not.
    """
    spec, numbers = chosen.spec, chosen.numbers
    frame = Box.of_frame(spec)
    for width, height in ((spec.width, spec.height), (frame.width, frame.height)):
        if width <= 0 or height <= 0:
            raise Unfit("it has no pixels")
        if width * height > PIXELS_MAX:
            raise Unfit(f"it is too large: {width} x {height}")
    if not spec.nchannels:
        raise Unfit("it has no channels")
    if spec.deep or spec.depth > 1:
        raise Unfit("it is deep, or a volume")
    if max(numbers) - min(numbers) >= CHANNELS_MAX:
        raise Unfit("it has its colours too far apart")


def fitted(frame: Box, aspect: float, side_px: int) -> tuple[int, int]:
    """Give width and height of a thumbnail: as large as fits, not larger than the frame.

    Args:
        frame: of the picture.
        aspect: width of a pixel by its height; nonsense counts as 1.
        side_px: of the square that it is to fit into.
    """
    stretch = aspect if 1 / STRETCH_MAX <= aspect <= STRETCH_MAX else 1.0
    width, height = frame.width * stretch, float(frame.height)
    scale = min(1.0, side_px / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def shrink(source: Any, chosen: Chosen, size: tuple[int, int]) -> Pixels:
    """Read the wanted channels of a frame, each axis as long as `size` has it, or up to twice.

    What the frame has no pixels for is 0; numbers that are none are 0, too.

    Raises:
        Unfit: the file has not what it promises.
    """
    frame = Box.of_frame(chosen.spec)
    fx, fy = max(1, frame.width // size[0]), max(1, frame.height // size[1])
    across, down, depth = frame.width // fx, frame.height // fy, len(chosen.numbers)
    out = np.zeros((down, across, depth), np.float32)
    step = max(1, BAND // (frame.width * fy * depth))
    for top in range(0, down, step):
        count = min(step, down - top)
        box = Box(frame.x, frame.y + top * fy, across * fx, count * fy)
        band = _band(source, chosen, box).reshape(count, fy, across, fx, depth)
        out[top : top + count] = band.mean(axis=(1, 3))
    return out


def _band(source: Any, chosen: Chosen, box: Box) -> Pixels:
    """Read what a picture has in a box."""
    spec = chosen.spec
    out = np.zeros((box.height, box.width, len(chosen.numbers)), np.float32)
    top, end = max(box.y, spec.y), min(box.y + box.height, spec.y + spec.height)
    left, right = max(box.x, spec.x), min(box.x + box.width, spec.x + spec.width)
    if top < end and left < right:
        rows = _rows(source, chosen, top, end)[:, left - spec.x : right - spec.x]
        rows = np.nan_to_num(rows, nan=0.0, posinf=BRIGHT, neginf=0.0)
        out[top - box.y : end - box.y, left - box.x : right - box.x] = np.clip(
            rows, -BRIGHT, BRIGHT
        )
    return out


def _rows(source: Any, chosen: Chosen, top: int, end: int) -> Pixels:
    """Read whole rows of the wanted channels."""
    spec, numbers, part = chosen.spec, chosen.numbers, chosen.part
    first, last = min(numbers), max(numbers) + 1
    before = 0  # rows that are read because they are in the same tiles
    if spec.tile_width:
        high = spec.tile_height
        before = (top - spec.y) % high
        bottom = min(spec.y + spec.height, spec.y + -(-(end - spec.y) // high) * high)
        columns = spec.x, spec.x + spec.width
        where = (*columns, top - before, bottom, spec.z, spec.z + 1)
        found = source.read_tiles(part, 0, *where, first, last, "float")
    else:
        found = source.read_scanlines(part, 0, top, end, spec.z, first, last, "float")
    if found is None or source.has_error:
        raise Unfit(f"it cannot be read: {str(source.geterror())[:300].strip()}")
    rows: Pixels = np.asarray(found, np.float32).reshape(-1, spec.width, last - first)
    return rows[before : before + end - top][:, :, [number - first for number in numbers]]
