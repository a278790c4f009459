"""What programs print: streams of bytes into the parsers of the plugins."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence

from hypothesis import strategies as st

from grange.plugins.host import FAULTS_LISTED_MAX
from grange.plugins.loading import names, parser_class
from grange.plugins.parser import Parser
from grange.plugins.parsers.blender import Blender
from grange.plugins.parsers.blender_cycles import BlenderCycles
from grange.plugins.parsers.ffmpeg import Ffmpeg
from grange.plugins.parsers.generic import Generic
from grange.plugins.parsers.mitsuba import Mitsuba
from grange.plugins.stream import HELD_MAX, Lines
from grange.plugins.watch import TAIL_MAX, Watch
from tests.fuzz.target import PIECES, Grow, Target
from tests.plugins.build import a_parser, output

WORDS = (
    *(b"FRAME: ", b"PROGRESS: 50%", b"PROGRESS: 999%", b"ACTIVITY: ", b"REPORT: ", b"Image: "),
    *(b"@IMAGE@", b"@IMAGE!@", b"/dev/null", b"[ PARSER WARNING ]", b"[ PARSER ERROR ]"),
    *(b"[ PARSER FATAL ERROR ]", b"[ PARSER BAD RESULT ]", b"[ PARSER FINISHED SUCCESS ]"),
    *(b"Fra:7 Mem:", b"Fra: -1 | ", b"Saved: '", b"'", b"Rendered 1/2 Tiles", b"Sample 3/0"),
    *(b"Path Tracing Tile 3/", b"Rendering 1 / 64 samples", b"Error: Python: ", b"1/"),
    *(b"Duration: 00:00:10.5", b"time=00:00:01", b"time= ", b"frame= 7", b"Frames: 10", b":00"),
    *(b"muxing overhead", b"Rendering [", b"====", b"    ]", b'Developing "', b'"', b"\n", b"\r"),
)
STREAM = st.lists(st.sampled_from(WORDS + PIECES), max_size=30).map(b"".join)
SIZES = (1, 3, 7, 64, 4_096)  # bytes of the pieces that a stream is cut into


def watched(kind: type[Parser]) -> Callable[[bytes], None]:
    """Give what feeds a stream, cut somewhere, to a parser, as a worker does."""
    folder = tempfile.gettempdir()

    def feed(data: bytes) -> None:
        watch = Watch(a_parser(kind, folder, frames=4))
        kept = []
        for piece in cut(data):
            reading = watch.feed(piece)
            assert -1 <= reading.percent <= 100
            assert -1 <= reading.frame <= 4
            assert -1 <= reading.frame_percent <= 100
            kept.append(reading.text)
            assert "broke" not in reading.log, reading.log
        watch.end("0:0")
        assert b"".join(kept) == data
        assert len(watch.last_line()) <= TAIL_MAX
        assert len(watch.log) <= FAULTS_LISTED_MAX
        assert "broke" not in watch.take_log()

    return feed


def other(data: bytes) -> None:
    """A stream for one of the parsers that have no target of their own: its first byte says."""
    number = data[0] % len(OTHERS) if data else 0
    watch = Watch(a_parser(parser_class(OTHERS[number], ()), tempfile.gettempdir(), frames=4))
    for piece in cut(data[1:]):
        reading = watch.feed(piece)
        assert -1 <= reading.percent <= 100
        assert "broke" not in reading.log, reading.log
    watch.end("0:0")
    assert "broke" not in watch.take_log()


def cut(data: bytes) -> Sequence[bytes]:
    """A stream in pieces, whose size its own bytes decide."""
    size = SIZES[sum(data[:8]) % len(SIZES)]
    if len(data) > 100 * size:
        size = len(data) // 100
    return [data[at : at + size] for at in range(0, len(data), size)]


def lines(data: bytes) -> None:
    """Lines out of a stream, cut anywhere: the same text as at one go."""
    stream = Lines()
    found = ""
    for piece in cut(data):
        found += stream.push(piece)
        assert len(stream.held) <= HELD_MAX + 1
    rest = stream.end()
    assert found + rest.removesuffix("\n") == data.decode("utf-8", "replace")


def long(start: bytes, piece: bytes, end: bytes = b"") -> Grow:
    """Give one long line."""
    return lambda size: start + piece * (size // len(piece)) + end


def of(name: str, kind: type[Parser], *recorded: str, found: tuple[bytes, ...] = ()) -> Target:
    """Give the target of one parser."""
    return Target(
        name=f"output: {name}",
        parse=watched(kind),
        reaches=(
            f"{kind.__module__}:{kind.__name__}.do",
            "grange.plugins.parser:Parser.parse",
            "grange.plugins.parser:Parser._find_tags",
            "grange.plugins.parser:clean",
            "grange.plugins.watch:Watch.feed",
            "grange.plugins.watch:Watch.last_line",
            "grange.plugins.stream:Lines.push",
        ),
        seeds=(
            *(output(item).encode()[-4_000:] for item in recorded),
            b"FRAME: 1\nPROGRESS: 50%\nImage: /dev/null\n@IMAGE!@/x\0y\nACTIVITY: tile\n",
        ),
        found=found,
        structured=STREAM,
        grows=(
            *(long(word, b"9") for word in (b"Fra:", b"time=", b"Duration: ", b"Sample 1/")),
            *(long(b"", word) for word in (b"@IMAGE@\n", b"Saved: '", b"Rendering [", b"\x1b[1")),
            *(long(b"", word) for word in (b"\x1b[", b"Image: a\n", b"time= ", b"\r", b"\0")),
            long(b"Rendering [", b"="),
            long(b"frame=", b" "),
        ),
        memory=200,
        work=60,
    )


OTHERS = tuple(
    name
    for name in names("parsers")
    if name not in ("blender", "blender_cycles", "ffmpeg", "generic", "mitsuba")
)
SAID = (
    b"Frame 1 / 2\nwriting: /a.1.exr\n50% done\n[ 50%] time=00:00:01\nError: a\nALF_PROGRESS 5%\n"
)

TARGETS = (
    Target(
        name="output: other programs",
        parse=other,
        reaches=("grange.plugins.watch:Watch.feed",),
        seeds=tuple(bytes((number,)) + SAID for number in range(len(OTHERS))),
        structured=st.builds(
            lambda number, said: bytes((number,)) + said, st.integers(0, 255), STREAM
        ),
        memory=400,
        work=200,
    ),
    Target(
        name="output: lines",
        parse=lines,
        reaches=("grange.plugins.stream:Lines.push", "grange.plugins.stream:Lines.end"),
        seeds=(b"a\nb\r\nc\rd", "ß\n😀".encode(), b"\xf0\x9f\x98"),
        structured=STREAM,
        memory=64,
    ),
    of("any program", Generic),
    of("Blender", Blender, "blender_5.0.1_eevee.txt", "blender_5.0.1_cannot_save.txt"),
    of(
        "Blender with Cycles", BlenderCycles, "blender_5.0.1_cycles.txt", "blender_5.0.1_tiles.txt"
    ),
    of("FFmpeg", Ffmpeg, "ffmpeg_9.0.2_no_input.txt"),
    of("Mitsuba", Mitsuba, "mitsuba_3.9.1.txt"),
)
