"""Thumbnails: of every format, in the right colours, and of nothing that would hurt."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import pytest

from grange.plugins import pictures
from grange.plugins.pictures import making, shrink, thumbnail
from grange.plugins.pictures.child import ChildLost
from grange.plugins.pictures.reading import Unfit
from grange.plugins.pictures.thumbnail import Made, Wish
from tests.plugins.painting import (
    BLACK,
    BLUE,
    GREEN,
    RED,
    Picture,
    a_spec,
    flat,
    paint,
    paint_parts,
    quarters,
    read,
)

WISH: Final = Wish(side_px=256, size_max=100_000)
#: File, kind of its numbers, and the byte on a screen of what is half of all there.
FORMATS: Final = [
    ("a.exr", "half", 188),
    ("a.exr", "float", 188),
    ("a.hdr", "float", 188),
    ("a.tif", "float", 188),
    ("a.tif", "uint8", 128),
    ("a.tif", "uint16", 128),
    ("a.png", "uint8", 128),
    ("a.png", "uint16", 128),
    ("a.jpg", "uint8", 128),
    ("a.tga", "uint8", 128),
    ("a.bmp", "uint8", 128),
    ("a.webp", "uint8", 128),
    ("a.dpx", "uint8", 128),
]
NEAR: Final = 3  # of 255, what a JPEG may be wrong by in a plain area


def made(path: Path, wish: Wish = WISH) -> Made:
    """Have a thumbnail made by the process that is there for it."""
    return thumbnail.made(thumbnail.start(str(path), wish))


def seen(path: Path, wish: Wish = WISH) -> Picture:
    """A thumbnail's pixels, 0 to 255; made in this process."""
    return read(making.make(str(path), wish), path.parent) * 255


def middle(picture: Picture) -> Any:
    """The pixel in the middle."""
    height, width, _ = picture.shape
    return picture[height // 2, width // 2]


@pytest.mark.proves("render.thumbnails.extensions")
@pytest.mark.parametrize(("name", "kind", "byte"), FORMATS)
def test_every_format_is_shown_as_a_screen_shows_it(
    name: str, kind: str, byte: int, tmp_path: Path
) -> None:
    found = made(paint(tmp_path / name, flat(0.5, 0.5, 0.5), kind))
    assert found.why == ""
    assert middle(read(found.data, tmp_path) * 255) == pytest.approx([byte] * 3, abs=NEAR)


@pytest.mark.parametrize("tile", [0, 32])
@pytest.mark.parametrize("name", ["a.exr", "a.tif"])
def test_what_is_left_and_what_is_above_stays_there(name: str, tile: int, tmp_path: Path) -> None:
    picture = quarters(width=1000, height=600)
    path = paint(tmp_path / name, picture, tile_width=tile, tile_height=tile)
    found = seen(path)
    assert found.shape == (154, 256, 3)
    assert found[30, 60] == pytest.approx([255, 0, 0], abs=NEAR)
    assert found[30, 200] == pytest.approx([0, 255, 0], abs=NEAR)
    assert found[120, 60] == pytest.approx([0, 0, 255], abs=NEAR)
    assert found[120, 200] == pytest.approx([0, 0, 0], abs=NEAR)


@pytest.mark.parametrize(
    ("width", "height", "aspect", "size"),
    [
        (1920, 1080, 1.0, (256, 144)),
        (1080, 1920, 1.0, (144, 256)),
        (100, 60, 1.0, (100, 60)),
        (300, 300, 1.0, (256, 256)),
        (914, 778, 2.0, (256, 109)),
        (5000, 3, 1.0, (256, 1)),
    ],
)
def test_a_thumbnail_fits_and_is_not_larger_than_its_picture(
    width: int, height: int, aspect: float, size: tuple[int, int], tmp_path: Path
) -> None:
    picture = flat(0.2, 0.4, 0.6, width=width, height=height)
    found = seen(paint(tmp_path / "a.exr", picture, PixelAspectRatio=aspect))
    assert found.shape[1::-1] == size


@pytest.mark.parametrize("aspect", [0.0, -1.0, 1e9, float("inf"), float("nan")])
def test_a_shape_of_pixels_that_cannot_be_does_not_count(aspect: float) -> None:
    assert shrink.fitted(shrink.Box(0, 0, 64, 48), aspect, 32) == (32, 24)


def test_a_picture_is_read_in_bands_as_it_is_in_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = np.random.default_rng(1).random((701, 903, 3), dtype=np.float32)
    path = paint(tmp_path / "a.exr", picture, tile_width=64, tile_height=64)
    whole = seen(path)
    monkeypatch.setattr(shrink, "BAND", 1)
    assert np.array_equal(seen(path), whole)


# --- colours


def test_light_that_is_too_much_or_none_or_no_number_is_shown_all_the_same(tmp_path: Path) -> None:
    picture = flat(0, 0, 0, width=4, height=1)
    picture[0, :, 0] = (np.inf, np.nan, -np.inf, 1000)
    found = seen(paint(tmp_path / "a.exr", picture, "float"), Wish(side_px=4, size_max=10_000))
    assert found.shape == (1, 4, 3)
    assert np.isfinite(found).all()
    assert found[0, 0, 0] > found[0, 1, 0] + 30


@pytest.mark.parametrize("said", ["Printing density", "Logarithmic"])
def test_a_film_scan_is_no_milky_picture(said: str, tmp_path: Path) -> None:
    picture = flat(0, 0, 0)
    picture[:, 32:] = 685 / 1023  # a white card
    picture[:, :32] = 95 / 1023  # film that was not exposed
    more: dict[str, Any] = {"dpx__Transfer": said, "oiio__BitsPerSample": 10}
    found = seen(paint(tmp_path / "a.dpx", picture, "uint16", **more))
    assert found[24, 10] == pytest.approx([0, 0, 0], abs=NEAR)
    assert found[24, 50] == pytest.approx([255, 255, 255], abs=NEAR)


@pytest.mark.parametrize(
    ("bits", "said", "byte"),
    [
        (10, "User defined", 138),  # taken for film
        (10, "ITU-R 709-4", 128),
        (10, "Linear", 128),  # as ffmpeg has it above video
        (16, "Linear", 188),
        (8, "Linear", 128),
    ],
)
def test_a_dpx_is_what_its_header_says_where_one_can_believe_it(
    bits: int, said: str, byte: int, tmp_path: Path
) -> None:
    kind = "uint8" if bits == 8 else "uint16"
    more: dict[str, Any] = {"dpx__Transfer": said, "oiio__BitsPerSample": bits}
    found = seen(paint(tmp_path / "a.dpx", flat(0.5, 0.5, 0.5), kind, **more))
    assert middle(found) == pytest.approx([byte] * 3, abs=NEAR)


def test_primaries_that_are_not_of_a_screen_are_brought_to_it(tmp_path: Path) -> None:
    #: ACEScg; what is BT.709's red in it.
    acescg = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)
    red = flat(0.6131, 0.0702, 0.0206)
    found = seen(paint(tmp_path / "a.exr", red, chromaticities=acescg))
    assert middle(found) == pytest.approx([255, 0, 0], abs=12)
    white = seen(paint(tmp_path / "a.exr", flat(1, 1, 1), chromaticities=acescg))
    assert middle(white) == pytest.approx([255, 255, 255], abs=NEAR)


@pytest.mark.parametrize(
    "nonsense",
    [
        (0.0,) * 8,
        (float("nan"),) * 8,
        (0.3, 0.3) * 4,
        (1e30,) * 8,
        (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.0, 0.01),
    ],
)
def test_primaries_that_cannot_be_do_no_harm(nonsense: tuple[float, ...], tmp_path: Path) -> None:
    found = seen(paint(tmp_path / "a.exr", flat(0.5, 0.5, 0.5), chromaticities=nonsense))
    assert np.isfinite(found).all()


def test_what_covers_nothing_is_grey_behind(tmp_path: Path) -> None:
    picture = flat(0, 0, 0, 0)
    picture[:, 32:] = (1, 0, 0, 1)
    for name in ("a.exr", "a.png"):
        found = seen(paint(tmp_path / name, picture))
        assert found[24, 10] == pytest.approx([51, 51, 51], abs=NEAR)
        assert found[24, 50] == pytest.approx([255, 0, 0], abs=NEAR)


def test_an_alpha_that_is_zero_everywhere_is_not_meant(tmp_path: Path) -> None:
    found = seen(paint(tmp_path / "a.exr", flat(1, 1, 0, 0)))
    assert middle(found) == pytest.approx([255, 255, 0], abs=NEAR)


# --- channels, parts, windows


@pytest.mark.parametrize(
    ("names", "values"),
    [
        (("Y",), (0.5,)),
        (("Y", "A"), (0.5, 1.0)),
        (("Z",), (0.5,)),
        (("A",), (0.5,)),
    ],
)
def test_one_channel_is_grey(
    names: tuple[str, ...], values: tuple[float, ...], tmp_path: Path
) -> None:
    found = seen(paint(tmp_path / "a.exr", flat(*values), channelnames=names))
    assert middle(found) == pytest.approx([188] * 3, abs=NEAR)


def layered(*layers: tuple[str, tuple[float, ...]]) -> tuple[Picture, tuple[str, ...]]:
    """A picture of several layers in one part."""
    names = [f"{layer}{channel}" for layer, _ in layers for channel in "RGB"]
    values = [value for _, colour in layers for value in colour]
    return flat(*values), tuple(names)


@pytest.mark.parametrize(
    "layers",
    [
        (("depth.", BLUE), ("", RED)),
        (("ViewLayer.Albedo.", BLUE), ("ViewLayer.Combined.", RED), ("ViewLayer.Zoo.", GREEN)),
        (("a.", RED), ("b.", GREEN)),
    ],
    ids=["no layer", "the main one", "the first"],
)
def test_of_many_layers_the_picture_itself_is_shown(
    layers: tuple[tuple[str, tuple[float, ...]], ...], tmp_path: Path
) -> None:
    picture, names = layered(*layers)
    found = seen(paint(tmp_path / "a.exr", picture, channelnames=names))
    assert middle(found) == pytest.approx([255, 0, 0], abs=NEAR)


def test_of_many_parts_the_one_with_colours_is_shown(tmp_path: Path) -> None:
    depth, beauty = flat(5.0), flat(*RED)
    path = paint_parts(
        tmp_path / "a.exr",
        (depth, a_spec(depth, "float", channelnames=("Z",), oiio__subimagename="depth")),
        (beauty, a_spec(beauty, "half", oiio__subimagename="beauty")),
    )
    assert middle(seen(path)) == pytest.approx([255, 0, 0], abs=NEAR)


def test_the_frame_is_shown_and_not_what_is_rendered_beyond_it_or_left_out(
    tmp_path: Path,
) -> None:
    frame: dict[str, Any] = {"full_x": 0, "full_y": 0, "full_width": 100, "full_height": 80}
    part = seen(paint(tmp_path / "a.exr", flat(*RED, width=50, height=40), x=50, y=40, **frame))
    assert part.shape == (80, 100, 3)
    assert part[60, 80] == pytest.approx([255, 0, 0], abs=NEAR)
    assert part[20, 20] == pytest.approx([0, 0, 0], abs=NEAR)
    more = seen(paint(tmp_path / "a.exr", quarters(width=200, height=160), x=0, y=-80, **frame))
    assert middle(more) == pytest.approx([0, 0, 255], abs=NEAR)


def test_a_frame_in_which_nothing_would_be_seen_does_not_count(tmp_path: Path) -> None:
    frame: dict[str, Any] = {"full_x": 5000, "full_y": 0, "full_width": 100, "full_height": 80}
    found = seen(paint(tmp_path / "a.exr", flat(*RED), **frame))
    assert found.shape == (48, 64, 3)
    assert middle(found) == pytest.approx([255, 0, 0], abs=NEAR)


@pytest.mark.parametrize(
    ("turn", "corner"),
    [*enumerate((RED, GREEN, BLACK, BLUE, RED, BLUE, BLACK, GREEN), start=1)],
)
def test_a_picture_is_turned_as_its_header_says(
    turn: int, corner: tuple[float, ...], tmp_path: Path
) -> None:
    found = seen(paint(tmp_path / "a.tif", quarters(), Orientation=turn))
    assert found.shape[:2] == ((64, 48) if turn > 4 else (48, 64))
    assert found[8, 8] == pytest.approx([255 * value for value in corner], abs=NEAR)


def test_a_thumbnail_becomes_worse_until_it_is_small_enough(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).random((256, 256, 3), dtype=np.float32)
    path = paint(tmp_path / "a.png", noise)
    best, small = made(path), made(path, Wish(side_px=256, size_max=30_000))
    assert 30_000 < len(best.data) <= 100_000
    assert 0 < len(small.data) <= 30_000
    assert made(path, Wish(side_px=256, size_max=100)).why == (
        "it does not become smaller than 100 bytes"
    )


# --- what is no picture, or a bad one


def bomb() -> bytes:
    """A PNG that says that it is larger than all memory."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    head = struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 6, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000)
    return pictures.png.MAGIC + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.png", b"", "it is empty"),
        ("a.png", b"GIF89a", "it does not begin as PNG does"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + b"x" * 99, "it has no end chunk"),
        ("a.png", bomb(), "it cannot be read"),
        ("a.tga", b"no picture at all", "it cannot be read"),
        ("a.webp", b"RIFF\xff\xff\xff\xffWEBPVP8 " + b"\xff" * 90, "it cannot be read"),
        ("a.bmp", b"BM" + b"\xff" * 90, "it cannot be read"),
        ("a.hdr", b"#?RADIANCE\n\n-Y 999999999 +X 999999999\n", "it "),
    ],
)
def test_of_what_is_no_picture_none_is_made(
    name: str, data: bytes, why: str, tmp_path: Path
) -> None:
    Path(tmp_path, name).write_bytes(data)
    found = made(tmp_path / name)
    assert found.data == b""
    assert found.why.startswith(why)
    assert len(found.why) < 1_000


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.exr", "a.tif", "a.dpx", "a.tga", "a.bmp"])
def test_a_picture_that_was_cut_or_damaged_hurts_nobody(name: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).random((40, 40, 3), dtype=np.float32)
    whole = paint(tmp_path / name, noise).read_bytes()
    chance = np.random.default_rng(2)
    for place in range(0, len(whole), len(whole) // 3 + 1):
        harmed = bytearray(whole)
        harmed[place : place + 8] = chance.bytes(8)
        for data in (whole[:place], bytes(harmed)):
            Path(tmp_path, name).write_bytes(data)
            found = made(tmp_path / name)
            assert bool(found.data) != bool(found.why)


def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path) -> None:
    for name in ("a.png", "a.tga"):
        os.mkfifo(tmp_path / name)
        assert made(tmp_path / name).why == "it is no plain file"
        Path(tmp_path, name).unlink()
        Path(tmp_path, name).symlink_to("/dev/zero")
        assert made(tmp_path / name).why == "it is no plain file"
    Path(tmp_path, "b.png").mkdir()
    assert made(tmp_path / "b.png").data == b""
    assert "No such file" in made(tmp_path / "missing.png").why


def test_a_picture_that_is_too_large_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shrink, "PIXELS_MAX", 1_000)
    with pytest.raises(Unfit, match="it is too large: 64 x 48"):
        making.make(str(paint(tmp_path / "a.png", flat(1, 1, 1))), WISH)
    frame: dict[str, Any] = {"full_width": 100, "full_height": 100}
    with pytest.raises(Unfit, match="it is too large: 100 x 100"):
        making.make(str(paint(tmp_path / "a.exr", flat(1, width=9, height=9), **frame)), WISH)


def test_a_process_that_takes_too_long_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnail, "MAKE_S", 0.0)
    assert made(paint(tmp_path / "a.png", flat(1, 1, 1))).why == "it took longer than 0 s"


def test_a_process_that_is_killed_makes_none(tmp_path: Path) -> None:
    child = thumbnail.start(str(paint(tmp_path / "a.png", flat(1, 1, 1))), WISH)
    child.kill()
    assert thumbnail.made(child).why == "it broke what looked at it (SIGKILL)"


def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ChildLost, match="it could not be looked at"):
        thumbnail.start(f"{tmp_path}/a\0.png", WISH)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_files_are_read_as_the_user_of_the_tasks() -> None:
    wish = Wish(side_px=256, size_max=100_000, account=(65534, 65534, ()))
    with TemporaryDirectory() as name:  # not below a folder of pytest's, which are closed
        folder = Path(name)
        folder.chmod(0o755)
        closed = paint(folder / "a.png", flat(1, 1, 1))
        closed.chmod(0o600)
        assert "Permission denied" in made(closed, wish).why
        closed.chmod(0o644)
        assert made(closed, wish).data
