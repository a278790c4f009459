"""Render the frames of one task with Mitsuba 3: python -m grange.plugins.runners.mitsuba.

A scene is an XML file, or a Python file that defines

    def scene(frame: int, width: int, height: int, spp: int) -> dict   # as for mi.load_dict
    def finish(picture, frame: int)      # optional: float32 (height, width, 3) in and out
    WIDTH, HEIGHT, SPP = 640, 360, 16    # optional: what is used when no option tells

Prints `FRAME: <n>` when a frame starts, `PROGRESS: <percent>%` within it and
`Saved: '<path>'` when its file is whole. Exits with 1 when a frame cannot be rendered and
with 2 when asked for what cannot be done.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import inspect
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, NoReturn

from grange.model.frames import FramesError, parse_frames

PICTURES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".exr": "OpenEXR"}
JPEG_QUALITY = 95
SIZE_MAX = 65_536  # pixels along one side
DEFAULTS = {"width": 640, "height": 360, "spp": 16}

Load = Callable[[int], Any]
Finish = Callable[[Any, int], Any]


class BadUsage(Exception):
    """What was asked for cannot be done; the text says why."""


class RenderFailed(Exception):
    """A frame could not be rendered or written; the text says why."""


class Scene(NamedTuple):
    """Give each frame as a Mitsuba scene, and finish its picture."""

    load: Load
    finish: Finish | None
    spp: int  # 0: what the scene's own sampler says


def main(arguments: Sequence[str] | None = None) -> int:
    """Render what the arguments ask for; give the exit status."""
    try:
        options = _parser().parse_args(arguments)
        frames = _frames(options)
        output = _output(options.output, frames)
        mi = _mitsuba(options.variant, options.threads)
        scene = _scene(mi, options)
        listener = _listen(mi)
        for frame in frames:
            listener.percent = -1
            _render(mi, scene, frame, numbered(output, frame))
    except BadUsage as problem:
        print(f"mitsuba: {problem}", file=sys.stderr)
        return 2
    except RenderFailed as problem:
        print(f"mitsuba: {problem}", file=sys.stderr)
        return 1
    return 0


def numbered(pattern: Path, frame: int) -> Path:
    """Put the frame's number where the name has #, one digit at least for each.

    >>> numbered(Path("film.####.png"), 7)
    PosixPath('film.0007.png')
    """
    return pattern.with_name(
        re.sub(r"#+", lambda match: f"{frame:0{len(match[0])}d}", pattern.name, count=1)
    )


class _Parser(argparse.ArgumentParser):
    """A parser that tells a problem in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments."""
        raise BadUsage(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="mitsuba", description="Render frames of a scene with Mitsuba 3.")
    add = parser.add_argument
    add("scene", type=Path, metavar="SCENE", help="a .py file with scene(), or an .xml file")
    add("--frames", metavar="LIST", help="such as 7, 1-10, 1-10x2 or 1,4,8")
    add("--first", type=int, metavar="F", help="first frame")
    add("--last", type=int, metavar="L", help="last frame")
    add("--inc", type=int, metavar="I", help="step between frames (1)")
    add(
        "--output",
        required=True,
        type=Path,
        metavar="PATH",
        help="png, jpg or exr; #### is the frame",
    )
    add("--width", type=_count, metavar="W", help="pixels")
    add("--height", type=_count, metavar="H", help="pixels")
    add("--spp", type=_count, metavar="N", help="samples per pixel")
    add("--threads", type=_count, metavar="T", help="threads (all cores)")
    add("--variant", default="scalar_rgb", metavar="NAME", help="Mitsuba variant (scalar_rgb)")
    add(
        "-D",
        dest="parameters",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a parameter of the scene; may be given several times",
    )
    return parser


def _count(text: str) -> int:
    """Read a number of pixels, samples or threads."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= SIZE_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {SIZE_MAX}")
    return int(text)


def _frames(options: argparse.Namespace) -> list[int]:
    """List the frames, from --frames or from --first, --last and --inc."""
    apart = (options.first, options.last, options.inc)
    if options.frames is not None:
        if any(number is not None for number in apart):
            raise BadUsage("give --frames or --first and --last, not both")
        text = options.frames
    elif options.first is None or options.last is None:
        raise BadUsage("no frames: give --frames 1-10, or --first 1 --last 10")
    else:
        step = 1 if options.inc is None else options.inc
        text = f"{options.first}-{options.last}x{step}"
    try:
        ranges = parse_frames(text)
    except FramesError as problem:
        raise BadUsage(str(problem)) from problem
    return [frame for part in ranges for frame in range(part.first, part.last + 1, part.inc)]


def _output(pattern: Path, frames: Sequence[int]) -> Path:
    """Check the output's name and make its folder; give it as an absolute path."""
    if pattern.suffix.lower() not in PICTURES:
        raise BadUsage(f"--output {pattern}: the name must end with {', '.join(PICTURES)}")
    if len(frames) > 1 and "#" not in pattern.name:
        raise BadUsage(f"--output {pattern}: {len(frames)} frames need #### in the file's name")
    pattern = pattern.absolute()
    try:
        pattern.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise BadUsage(f"cannot make the folder {pattern.parent}: {reason}") from problem
    if not os.access(pattern.parent, os.W_OK | os.X_OK):
        raise BadUsage(f"cannot write to the folder {pattern.parent}")
    return pattern


def _mitsuba(variant: str, threads: int | None) -> Any:
    """Import Mitsuba and set it up."""
    try:
        mi = importlib.import_module("mitsuba")
    except ImportError as problem:
        raise RenderFailed(
            f"Mitsuba cannot be imported ({problem}); install it into {sys.executable}"
            " with: pip install mitsuba"
        ) from problem
    if variant not in mi.variants():
        raise BadUsage(f"--variant {variant}: there is only {', '.join(mi.variants())}")
    mi.set_variant(variant)
    if threads is not None:
        importlib.import_module("drjit").set_thread_count(threads)
    return mi


def _listen(mi: Any) -> Any:
    """Print progress as it grows, warnings to stderr, and drop the rest."""

    class Listener(mi.Appender):  # type: ignore[misc, no-any-unimported, unused-ignore]  # Any
        percent = -1  # of the frame under way

        def append(self, level: Any, text: str) -> None:
            if level >= mi.LogLevel.Warn:
                print(text, file=sys.stderr, flush=True)

        def log_progress(
            self, progress: float, name: str, formatted: str, eta: str, ptr: object = None
        ) -> None:
            del name, formatted, eta, ptr
            percent = min(int(100 * progress), 99)  # 100 is said when the file is written
            if percent > self.percent:
                self.percent = percent
                _say(f"PROGRESS: {percent}%")

    logger = mi.logger() if hasattr(mi, "logger") else mi.Thread.thread().logger()  # until 3.6
    logger.clear_appenders()
    listener = Listener()
    logger.add_appender(listener)
    logger.set_log_level(mi.LogLevel.Info)  # the level at which progress is told
    return listener


def _scene(mi: Any, options: argparse.Namespace) -> Scene:
    """Make ready the scene file, which is .py or .xml."""
    path = options.scene
    if not path.is_file():
        raise BadUsage(f"there is no scene file {path}")
    parameters = dict(_parameter(text) for text in options.parameters)
    if path.suffix.lower() == ".py":
        return _python_scene(mi, path, options, parameters)
    if path.suffix.lower() == ".xml":
        return _xml_scene(mi, path, options, parameters)
    raise BadUsage(f"{path} is neither a .py nor an .xml scene")


def _parameter(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise BadUsage(f"-D {text}: write -D key=value")
    return key, value


def _python_scene(
    mi: Any, path: Path, options: argparse.Namespace, parameters: dict[str, str]
) -> Scene:
    module = _run(path)
    describe = getattr(module, "scene", None)
    if not callable(describe):
        raise BadUsage(f"{path} defines no function scene(frame, width, height, spp)")
    width, height, spp = (
        getattr(options, name) or getattr(module, name.upper(), default)
        for name, default in DEFAULTS.items()
    )
    try:
        inspect.signature(describe).bind(1, width, height, spp, **parameters)
    except TypeError as problem:
        raise BadUsage(f"{path}: scene() does not take what it is given: {problem}") from problem
    return Scene(
        load=lambda frame: mi.load_dict(describe(frame, width, height, spp, **parameters)),
        finish=getattr(module, "finish", None),
        spp=spp,
    )


def _xml_scene(
    mi: Any, path: Path, options: argparse.Namespace, parameters: dict[str, str]
) -> Scene:
    """Make ready an XML scene; it gets `frame` if it asks for it."""
    wants_frame = "$frame" in path.read_text(encoding="utf-8", errors="replace")

    def load(frame: int) -> Any:
        own = {"frame": str(frame)} if wants_frame else {}
        scene = mi.load_file(str(path), **own, **parameters)
        _resize(mi, scene, options.width, options.height)
        return scene

    return Scene(load, None, options.spp or 0)


def _resize(mi: Any, scene: Any, width: int | None, height: int | None) -> None:
    """Set the size of the picture that the file left to the options."""
    if width is None and height is None:
        return
    film = mi.traverse(scene.sensors()[0])
    size = film["film.size"]
    wanted = [width or size[0], height or size[1]]
    film["film.size"] = wanted
    film["film.crop_size"] = wanted
    film.update()


def _run(path: Path) -> ModuleType:
    """Run a Python scene file as a module of its own, which may import what lies beside it."""
    spec = importlib.util.spec_from_file_location("grange_scene", path)
    if spec is None or spec.loader is None:
        raise BadUsage(f"{path} cannot be run as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look it up
    sys.path.append(str(path.absolute().parent))
    try:
        spec.loader.exec_module(module)
    except Exception as problem:
        raise RenderFailed(f"{path}: {_sentence(problem)}") from problem
    return module


def _render(mi: Any, scene: Scene, frame: int, path: Path) -> None:
    """Render one frame and write its file whole or not at all."""
    _say(f"FRAME: {frame}")
    try:
        rendered = mi.render(scene.load(frame), spp=scene.spp, seed=frame & 0xFFFFFFFF)
        picture = mi.Bitmap(rendered).convert(mi.Bitmap.PixelFormat.RGB, mi.Struct.Type.Float32)
        _write(mi, _finished(mi, scene.finish, picture, frame), path)
    except Exception as problem:  # a scene is a program of its own: it may raise anything
        raise RenderFailed(f"frame {frame} of {path}: {_sentence(problem)}") from problem
    _say("PROGRESS: 100%")
    _say(f"Saved: '{path}'")


def _finished(mi: Any, finish: Finish | None, picture: Any, frame: int) -> Any:
    """Let the scene finish the picture as an array."""
    if finish is None:
        return picture
    numpy = importlib.import_module("numpy")
    array = finish(numpy.array(picture), frame)
    return mi.Bitmap(numpy.ascontiguousarray(array, dtype=numpy.float32))


def _write(mi: Any, picture: Any, path: Path) -> None:
    """Write beside the file, then put it in place; sRGB in 8 bits, or linear halves in EXR."""
    kind = PICTURES[path.suffix.lower()]
    number, is_srgb = ("Float16", False) if kind == "OpenEXR" else ("UInt8", True)
    ready = picture.convert(
        mi.Bitmap.PixelFormat.RGB, getattr(mi.Struct.Type, number), srgb_gamma=is_srgb
    )
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        quality = JPEG_QUALITY if kind == "JPEG" else -1
        ready.write(str(part), getattr(mi.Bitmap.FileFormat, kind), quality)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _sentence(problem: Exception) -> str:
    """Put an error on one line, without the place in Mitsuba's own source."""
    text = re.sub(r"\[\w+\.(?:cpp|h|inl):\d+\]\s*", "", " ".join(str(problem).split()))
    return (
        text if isinstance(problem, RuntimeError) and text else f"{type(problem).__name__}: {text}"
    )


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
