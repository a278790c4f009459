"""What a run has written: whole, new, of one size, and no black or mad pixels."""

from __future__ import annotations

import contextlib
import os
import random
import struct
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np
import OpenImageIO
import pytest

from grange.model.states import RunStatus
from grange.plugins import outputs, pictures
from grange.plugins.contract import Verdict
from grange.plugins.pictures import Broken, Size, pixels
from tests.plugins.build import a_plugin

#: (name, compression, edge of a tile or 0 for lines)
WRITTEN: Final = [
    ("a.png", "", 0),
    ("a.jpg", "", 0),
    ("a.dpx", "", 0),
    ("strips.tif", "none", 0),
    ("tiles.tif", "zip", 32),
    ("tiles.exr", "zip", 32),
    *((f"{name}.exr", name, 0) for name in ("none", "rle", "zips", "zip", "piz", "pxr24")),
    *((f"{name}.exr", name, 0) for name in ("b44", "b44a", "dwaa", "dwab")),
]


def paint(path: Path, pixels: Any, compression: str = "", tile: int = 0) -> Path:
    """Write a picture with OpenImageIO."""
    height, width, channels = pixels.shape
    spec = OpenImageIO.ImageSpec(
        width, height, channels, "half" if path.suffix == ".exr" else "uint8"
    )
    if compression:
        spec.attribute("compression", compression)
    spec.tile_width = spec.tile_height = tile
    image = OpenImageIO.ImageOutput.create(str(path))
    assert image is not None
    assert image.open(str(path), spec), image.geterror()
    assert image.write_image(pixels)
    assert image.close()
    return path


def grey(width: int = 64, height: int = 48, channels: int = 3) -> Any:
    generator = np.random.default_rng(1)
    return generator.random((height, width, channels), dtype="float32")


def checked(folder: Path, *names: str, write: Any = None) -> Verdict:
    """The verdict on a run of these files that ended well."""
    plugin = a_plugin(folder, files=names, check_rendered_files=True)
    if write is not None:
        write()
    return plugin.finish(0, None)


@pytest.mark.parametrize(("name", "compression", "tile"), WRITTEN)
def test_a_whole_picture_tells_its_size_and_a_cut_one_is_found_out(
    name: str, compression: str, tile: int, tmp_path: Path
) -> None:
    path = paint(tmp_path / name, grey(), compression, tile)
    assert pictures.size_of(str(path)) == Size(64, 48)
    whole = path.read_bytes()
    places = [*range(0, len(whole), len(whole) // 40 + 1), len(whole) - 1]
    for place in places:
        path.write_bytes(whole[:place])
        with pytest.raises(Broken):
            pictures.size_of(str(path))


def test_an_exr_whose_table_was_never_written_is_not_whole(tmp_path: Path) -> None:
    path = paint(tmp_path / "a.exr", grey(), "zip")
    data = path.read_bytes()
    start = _table_of(data)
    path.write_bytes(data[:start] + bytes(8 * 3) + data[start + 24 :])
    with pytest.raises(Broken, match="3 of its 3 chunks of pixels are missing"):
        pictures.size_of(str(path))


def _table_of(data: bytes) -> int:
    """Where the table of an EXR of three chunks begins: its first entry points behind it."""
    return next(
        place
        for place in range(len(data))
        if data[place : place + 8] == struct.pack("<Q", place + 24)
    )


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.png", b"", "it is empty"),
        ("a.png", b"GIF89a", "it does not begin as PNG does"),
        ("a.exr", b"v/1\x01\x02\0\0\0" + b"x" * 3_000_000, "its header is not whole"),
        ("a.exr", b"v/1\x01\x02\x10\0\0" + b"\0" * 100, "it does not say how large it is"),
        ("a.exr", b"v/1\x01\x02\0\0\0a\0b\0\xff\xff\xff\xff", "its header is not whole"),
        ("a.jpg", b"\xff\xd8\xff\xff\xff\xff" + b"\xff" * 3_000, "it has no frame"),
        ("a.jpg", b"\xff\xd8\xff\xe0\0\0" * 900, "its segments are damaged"),
        ("a.tif", b"II*\0\x08\0\0\0\0\0", "a directory of it is damaged"),
        ("a.tif", b"II*\0\0\0\0\0", "it has no directory"),
        ("a.tif", b"II*\0\x08\0\0\0\x01\0\0\1\4\0\xff\xff\xff\xff", "a directory of it is"),
        ("a.dpx", b"SDPX" + b"\xff" * 2_000, "it has 2004 of 4294967295 bytes"),
    ],
)
def test_what_a_picture_says_of_itself_is_not_believed(
    name: str, data: bytes, why: str, tmp_path: Path
) -> None:
    Path(tmp_path, name).write_bytes(data)
    with pytest.raises(Broken, match=why):
        pictures.size_of(str(tmp_path / name))


def test_a_pipe_named_like_a_picture_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(Broken, match="it is no plain file"):
        pictures.size_of(str(tmp_path / "a.png"))


def test_a_tiff_that_goes_round_in_circles_is_left(tmp_path: Path) -> None:
    entries = (
        struct.pack("<H", 2)
        + struct.pack("<HHII", 256, 4, 1, 7)
        + struct.pack("<HHII", 257, 4, 1, 5)
    )
    Path(tmp_path, "a.tif").write_bytes(b"II*\0\x08\0\0\0" + entries + struct.pack("<I", 8))
    assert pictures.size_of(str(tmp_path / "a.tif")) == Size(7, 5)


@pytest.mark.parametrize(("name", "compression", "tile"), WRITTEN)
def test_a_damaged_picture_is_whole_or_broken_and_nothing_else(
    name: str, compression: str, tile: int, tmp_path: Path
) -> None:
    path = paint(tmp_path / name, grey(16, 8), compression, tile)
    whole = path.read_bytes()
    dice = random.Random(name)
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 8)):
            data[dice.randrange(min(len(data), 500))] = dice.choice((0, 1, 127, 255))
        path.write_bytes(data)
        with contextlib.suppress(Broken):
            assert pictures.size_of(str(path)) is not None


def test_files_of_other_kinds_are_not_looked_into(tmp_path: Path) -> None:
    Path(tmp_path, "a.mov").touch()
    assert pictures.size_of(str(tmp_path / "a.mov")) is None


@pytest.mark.proves("render.services.checks_files")
def test_a_cut_picture_makes_a_bad_run(tmp_path: Path) -> None:
    data = paint(tmp_path / "whole.png", grey()).read_bytes()
    verdict = checked(tmp_path, "a.png", write=lambda: (tmp_path / "a.png").write_bytes(data[:99]))
    assert verdict.status == RunStatus.BAD_FILES
    assert verdict.message == f"Rendered file is not whole, it has no end chunk: {tmp_path}/a.png"


def test_a_cut_picture_is_rendered_again_and_not_skipped(tmp_path: Path) -> None:
    data = paint(tmp_path / "a.png", grey()).read_bytes()
    asked: dict[str, Any] = {
        "files": ("a.png",),
        "skip_existing_files": True,
        "check_rendered_files": True,
    }
    assert a_plugin(tmp_path, **asked).prepared.skip != ""
    (tmp_path / "a.png").write_bytes(data[:-20])
    ready = a_plugin(tmp_path, **asked).prepared
    assert ready.skip == ""
    assert ready.log.startswith("Existing file is not whole, it has no end chunk: ")


def test_a_file_that_the_run_has_not_touched_is_warned_of(tmp_path: Path) -> None:
    paint(tmp_path / "a.png", grey())
    verdict = checked(tmp_path, "a.png")
    assert (verdict.status, verdict.warning) == (RunStatus.DONE, True)
    assert verdict.message == f"File was there before and has not changed: {tmp_path}/a.png"
    verdict = checked(tmp_path, "a.png", write=lambda: paint(tmp_path / "a.png", 1 - grey()))
    assert (verdict.status, verdict.warning) == (RunStatus.DONE, False)


def test_a_frame_of_another_size_is_warned_of(tmp_path: Path) -> None:
    def write() -> None:
        paint(tmp_path / "a.1.png", grey())
        paint(tmp_path / "a.2.png", grey(32))
        paint(tmp_path / "depth.png", grey(16))

    verdict = checked(tmp_path, "a.1.png", "a.2.png", "depth.png", write=write)
    assert verdict.status == RunStatus.DONE
    assert verdict.message == f"Picture is 32 x 48, but a.1.png is 64 x 48: {tmp_path}/a.2.png"


@pytest.mark.parametrize(("value", "doubt"), [(0.0, "is black"), (float("nan"), "has 1 values")])
def test_a_black_or_mad_picture_is_warned_of(value: float, doubt: str, tmp_path: Path) -> None:
    def write() -> None:
        image = np.zeros((8, 8, 4), "float32")
        image[:, :, 3] = 1  # the alpha channel is no colour
        image[0, 0, 0] = value
        paint(tmp_path / "a.exr", image)

    verdict = checked(tmp_path, "a.exr", write=write)
    assert (verdict.status, verdict.warning) == (RunStatus.DONE, True)
    assert verdict.message.startswith(f"Picture {doubt}")
    assert verdict.log.endswith(f"\n{tmp_path}/a.exr\n")


def test_a_good_picture_is_not_warned_of(tmp_path: Path) -> None:
    verdict = checked(tmp_path, "a.exr", write=lambda: paint(tmp_path / "a.exr", grey()))
    assert (verdict.status, verdict.message, verdict.log) == (RunStatus.DONE, "", "")


def test_a_picture_too_large_to_be_decoded_hurts_nobody(tmp_path: Path) -> None:
    rows = zlib.compress(b"\0" * 1_000)
    head = struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 6, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    bomb = pictures.png.MAGIC + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    write = lambda: (tmp_path / "a.png").write_bytes(bomb)  # noqa: E731 (a value, given on)
    assert checked(tmp_path, "a.png", write=write).status == RunStatus.DONE


def test_a_process_that_looks_too_long_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pixels, "LOOK_S", 0.0)
    assert pixels.look([str(paint(tmp_path / "a.png", grey()))]) == ()


def test_a_file_that_is_no_picture_inside_is_named(tmp_path: Path) -> None:
    Path(tmp_path, "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 99)
    assert pixels.look([str(tmp_path / "a.png")])[0].doubt.startswith("cannot be read: ")


@pytest.mark.proves("render.thumbnails.extensions")
@pytest.mark.parametrize("ending", ["exr", "dpx", "jpg", "jpeg", "png", "tif", "tiff", "tga"])
def test_what_ends_as_a_picture_is_taken_for_one(ending: str) -> None:
    """By default Afanasy makes thumbnails of these."""
    assert outputs.is_picture(f"/show/a.0001.{ending}")
    assert outputs.is_picture(f"/show/a.0001.{ending.upper()}")
    assert not outputs.is_picture(f"/show/{ending}")
