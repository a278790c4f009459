"""Pictures of every format, painted by OpenImageIO."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import OpenImageIO
from numpy.typing import NDArray

Picture = NDArray[np.float32]

RED: Final = (1.0, 0.0, 0.0)
GREEN: Final = (0.0, 1.0, 0.0)
BLUE: Final = (0.0, 0.0, 1.0)
BLACK: Final = (0.0, 0.0, 0.0)


def flat(*values: float, width: int = 64, height: int = 48) -> Picture:
    """A picture all of whose pixels are the same."""
    picture = np.empty((height, width, len(values)), np.float32)
    picture[:] = values
    return picture


def quarters(width: int = 64, height: int = 48) -> Picture:
    """Red at the top left, green at its right, blue below, black at the bottom right."""
    picture = flat(0, 0, 0, width=width, height=height)
    picture[: height // 2, : width // 2] = RED
    picture[: height // 2, width // 2 :] = GREEN
    picture[height // 2 :, : width // 2] = BLUE
    return picture


def a_spec(picture: Picture, kind: str, **attributes: Any) -> Any:
    """What a file is to be; attributes that a spec has as fields are set as these."""
    height, width, channels = picture.shape
    spec = OpenImageIO.ImageSpec(width, height, channels, kind)
    for name, value in attributes.items():
        if hasattr(spec, name):
            setattr(spec, name, value)
        elif isinstance(value, tuple):
            spec.attribute(name, f"float[{len(value)}]", value)
        else:
            spec.attribute(name.replace("__", ":"), value)
    return spec


def paint(path: Path, picture: Picture, kind: str = "", **attributes: Any) -> Path:
    """Write a picture.

    Args:
        path: its ending says the format.
        picture: rows, columns, channels.
        kind: of the numbers, such as half; "" eight bits, or half for EXR.
        attributes: of the file, `__` for a colon.
    """
    kind = kind or ("half" if path.suffix == ".exr" else "uint8")
    return paint_parts(path, (picture, a_spec(picture, kind, **attributes)))


def paint_parts(path: Path, *parts: tuple[Picture, Any]) -> Path:
    """Write a file of several parts."""
    out = OpenImageIO.ImageOutput.create(str(path))
    assert out is not None
    specs = [spec for _, spec in parts]
    done = out.open(str(path), specs[0]) if len(parts) == 1 else out.open(str(path), specs)
    assert done, out.geterror()
    for number, (picture, spec) in enumerate(parts):
        if number:
            assert out.open(str(path), spec, "AppendSubimage"), out.geterror()
        assert out.write_image(picture), out.geterror()
    assert out.close()
    return path


def read(data: bytes, folder: Path) -> Picture:
    """The pixels of a JPEG, 0 to 1."""
    path = folder / "read.jpg"
    path.write_bytes(data)
    image = OpenImageIO.ImageInput.open(str(path))
    assert image is not None, OpenImageIO.geterror()
    assert image.format_name() == "jpeg"
    pixels = image.read_image("float")
    assert pixels is not None
    found: Picture = np.asarray(pixels, np.float32)
    return found
