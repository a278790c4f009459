"""The process that makes one small JPEG of a picture, by OpenImageIO: see `thumbnail`."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from grange.plugins import pictures
from grange.plugins.pictures import channels, colour
from grange.plugins.pictures.channels import Chosen
from grange.plugins.pictures.child import confine
from grange.plugins.pictures.colour import Encoding, Pixels
from grange.plugins.pictures.reading import Broken, Unfit
from grange.plugins.pictures.shrink import Box, check, fitted, shrink
from grange.plugins.pictures.thumbnail import MAKE_S, Made, Wish

MEMORY_MAX: Final = 2 * 1024**3  # bytes of data
WHY_MAX: Final = 500  # characters
NICE: Final = 15  # more than a task's: it is never in a task's way
QUALITIES: Final = (88, 75, 60, 40, 20)  # of a JPEG, one after the other until it is small
BACK: Final = 0.2  # grey behind a picture that covers its frame in parts, on a screen
BACK_LIGHT: Final = 0.0331  # the same as light

Shown = NDArray[np.uint8]  # rows, columns, red green blue


def make(path: str, wish: Wish) -> bytes:
    """Decode a picture and give a JPEG of it.

    Raises:
        Unfit, Broken: none can be made.
        OSError: it cannot be read, or nothing can be written.
    """
    if pictures.size_of(path) is None:
        with pictures.plain_file(path):
            pass
    oiio: Any = importlib.import_module("OpenImageIO")
    source = oiio.ImageInput.open(path)
    if source is None:
        raise Unfit(f"it cannot be read: {_first_line(oiio.geterror())}")
    chosen = channels.choose(source)
    check(chosen)
    aspect = chosen.spec.get_float_attribute("PixelAspectRatio", 1.0)
    size = fitted(Box.of_frame(chosen.spec), aspect, wish.side_px)
    pixels = on_screen(shrink(source, chosen, size), chosen, source.format_name())
    turn = chosen.spec.get_int_attribute("Orientation", 1)
    return _jpeg(turned(_resized(pixels, size), turn), wish.size_max)


def on_screen(pixels: Pixels, chosen: Chosen, form: str) -> Pixels:
    """Turn what a file has into red, green and blue of a screen, 0 to 1.

    Args:
        pixels: colours, and the alpha by which they are multiplied, if there is one.
        chosen: what they are.
        form: of the file, as OpenImageIO calls it.
    """
    encoding = colour.encoding_of(form, chosen.spec)
    count = len(chosen.layer.colours)
    rgb = np.repeat(pixels[..., :1], 3, axis=2) if count == 1 else pixels[..., :3]
    if encoding is Encoding.FILM:
        rgb = colour.to_linear(rgb)
    linear = encoding is not Encoding.SCREEN
    matrix = colour.to_bt709(chosen.spec.getattribute("chromaticities")) if linear else None
    if matrix is not None and count == 3:
        rgb = (rgb @ matrix.T).astype(np.float32)
    if chosen.layer.alpha is not None:
        cover = np.clip(pixels[..., count:], 0, 1)
        if cover.any():  # one that is 0 everywhere is not meant
            rgb = rgb + (1 - cover) * np.float32(BACK_LIGHT if linear else BACK)
    return colour.to_screen(rgb) if linear else np.clip(rgb, 0, 1)


def turned(shown: Shown, turn: int) -> Shown:
    """Turn a picture as Exif's orientation, 1 to 8, says."""
    if 5 <= turn <= 8:
        shown = shown.transpose(1, 0, 2)
    if turn in (2, 3, 6, 7):
        shown = shown[:, ::-1]
    if turn in (3, 4, 7, 8):
        shown = shown[::-1]
    return np.ascontiguousarray(shown)


def _resized(pixels: Pixels, size: tuple[int, int]) -> Shown:
    """Bring a picture to its exact width and height."""
    if pixels.shape[1::-1] != size:
        oiio: Any = importlib.import_module("OpenImageIO")
        roi = oiio.ROI(0, size[0], 0, size[1], 0, 1, 0, 3)
        image = oiio.ImageBuf(np.ascontiguousarray(pixels, np.float32))
        pixels = oiio.ImageBufAlgo.resize(image, roi=roi).get_pixels("float")
    return np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8)


def _jpeg(shown: Shown, size_max: int) -> bytes:
    """Write a JPEG of the best quality that is small enough."""
    oiio: Any = importlib.import_module("OpenImageIO")
    spec = oiio.ImageSpec(shown.shape[1], shown.shape[0], 3, "uint8")
    for quality in QUALITIES:
        spec.attribute("Compression", f"jpeg:{quality}")
        with tempfile.TemporaryFile() as file:
            out = oiio.ImageOutput.create("jpeg")
            opened = out.open(f"/dev/fd/{file.fileno()}", spec)
            if not (opened and out.write_image(shown) and out.close()):
                raise OSError(_first_line(out.geterror()))
            data = file.read()
        if len(data) <= size_max:
            return data
    raise Unfit(f"it does not become smaller than {size_max} bytes")


def _first_line(said: str) -> str:
    return (said.strip().splitlines() or ["nobody knows why"])[0][:WHY_MAX]


def _become(account: tuple[int, int, tuple[int, ...]] | None) -> None:
    """Give up what only the worker's own user may do."""
    if account is not None:
        uid, gid, groups = account
        os.setgroups(groups)
        os.setgid(gid)
        os.setuid(uid)  # of root, for good


def answer_to(path: str, wish: Wish) -> Made:
    """Make a thumbnail, or say why not."""
    try:
        return Made(data=make(path, wish))
    except (Unfit, Broken) as why:
        return Made(why=str(why))
    except Exception as fault:  # noqa: BLE001 (whatever a library makes of a foreign file)
        return Made(why=f"it cannot be read: {fault!s}"[:WHY_MAX])


def main() -> None:
    """Make the thumbnail that the arguments tell of."""
    words, path = sys.argv[1:]
    wish = msgspec.json.decode(words, type=Wish)
    os.nice(NICE)
    confine(memory_max=MEMORY_MAX, seconds=MAKE_S)
    oiio: Any = importlib.import_module("OpenImageIO")
    for name in ("threads", "exr_threads"):
        oiio.attribute(name, 1)
    oiio.attribute("try_all_readers", 0)
    oiio.attribute("limits:imagesize_MB", MEMORY_MAX // 1024**2)
    _become(wish.account)  # all that we need of the disk is loaded
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer_to(path, wish)))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
