"""Stand in for the blender program where only the Python module bpy is installed.

python -m grange.plugins.runners.blender -b film.blend -o //film.#### -F PNG -s 1 -e 4 -a

Like Blender it carries out its arguments one after the other, so the output must be named
before -a, and prints `Fra: <n> | ...` while it renders and `Saved: '<path>'` for each file.
Unlike Blender it exits with 1 when a frame could not be rendered, and with 2 when it does
not know an option.
"""

from __future__ import annotations

import importlib
import runpy
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grange.plugins.runners.blender_arguments import (
    Action,
    BadUsage,
    frame_numbers,
    parse,
    relative,
)

FORMATS = {  # what Blender's own option calls otherwise than its Python
    "TGA": "TARGA",
    "RAWTGA": "TARGA_RAW",
    "JP2": "JPEG2000",
    "MULTILAYER": "OPEN_EXR_MULTILAYER",
}
SILENT = ("Synchronizing", "Updating")  # a line for each object of the scene
MEDIA = {"FFMPEG": "VIDEO", "OPEN_EXR_MULTILAYER": "MULTI_LAYER_IMAGE"}


class RenderFailed(Exception):
    """A frame could not be rendered; the text says which and why."""


class ScriptFailed(Exception):
    """A script raised an error, and an exit code was asked for in that case."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out the arguments; give the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    blender = Blender(arguments=given)
    try:
        actions = parse(given)
        blender.start()
        for action in actions:
            DO[action.name](blender, action)
    except BadUsage as problem:
        print(f"blender: {problem}", file=sys.stderr)
        return 2
    except RenderFailed as problem:
        print(f"blender: {problem}", file=sys.stderr)
        return 1
    except ScriptFailed:
        return blender.exit_code
    return 0


@dataclass(slots=True)
class Blender:
    """Blender, and what is known of it between one argument and the next."""

    arguments: list[str]
    bpy: Any = None
    scene_name: str = ""  # "": the one that the file opens with
    threads: int = 0  # 0: all cores
    trusts: bool = False
    exit_code: int = 0  # for a script's errors; 0: go on
    frame: int = 0  # under way
    heard: set[str] = field(default_factory=set)  # handlers in place

    def start(self) -> None:
        """Bring Blender up."""
        try:
            self.bpy = importlib.import_module("bpy")
        except ImportError as problem:
            raise RenderFailed(
                f"Blender's module bpy cannot be imported ({problem}); install it into"
                f" {sys.executable} with: pip install bpy"
            ) from problem

    @property
    def scene(self) -> Any:
        """The scene that options change and -a renders."""
        return self.bpy.data.scenes[self.scene_name] if self.scene_name else self.bpy.context.scene

    def render(self, first: int, last: int) -> None:
        """Render frames as an animation, so that # in the output is the frame."""
        scene = self.scene
        scene.render.threads_mode = "FIXED" if self.threads else "AUTO"
        if self.threads:
            scene.render.threads = self.threads
        kept = scene.frame_start, scene.frame_end
        scene.frame_start, scene.frame_end = first, last
        self._listen()
        self.frame = first
        try:
            ended = self.bpy.ops.render.render(animation=True, scene=scene.name)
        except RuntimeError as problem:
            raise RenderFailed(f"frame {self.frame}: {_sentence(problem)}") from problem
        finally:
            scene.frame_start, scene.frame_end = kept
        if "FINISHED" not in ended:
            raise RenderFailed(f"frame {self.frame}: rendering was cancelled")
        self._check_files(range(first, last + 1, scene.frame_step))

    def _check_files(self, frames: Sequence[int]) -> None:
        render = self.scene.render
        for frame in frames:
            path = render.frame_path(frame=frame)
            if not render.is_movie_format and not Path(path).is_file():
                raise RenderFailed(f"frame {frame}: Blender wrote no file {path}")

    def _listen(self) -> None:
        """Print the progress that the module, unlike the program, keeps to itself."""
        handlers = self.bpy.app.handlers

        def pre(scene: Any, *_: object) -> None:
            self.frame = scene.frame_current

        def stats(text: str, *_: object) -> None:
            if not text.partition(" | ")[2].startswith(SILENT):
                print(f"Fra: {self.frame} | {text}", flush=True)

        for name, function in (("render_pre", pre), ("render_stats", stats)):
            if name not in self.heard:
                self.heard.add(name)
                getattr(handlers, name).append(handlers.persistent(function))


def _nothing(blender: Blender, action: Action) -> None:
    del blender, action


def _load(blender: Blender, action: Action) -> None:
    path = str(Path(action.value).absolute())
    try:
        blender.bpy.ops.wm.open_mainfile(filepath=path, use_scripts=blender.trusts)
    except RuntimeError as problem:
        raise RenderFailed(_sentence(problem)) from problem
    blender.scene_name = ""


def _factory(blender: Blender, action: Action) -> None:
    del action
    blender.bpy.ops.wm.read_factory_settings()


def _trust(blender: Blender, action: Action) -> None:
    blender.trusts = action.name == "trust"


def _threads(blender: Blender, action: Action) -> None:
    blender.threads = int(action.value)


def _exit_code(blender: Blender, action: Action) -> None:
    blender.exit_code = int(action.value)


def _output(blender: Blender, action: Action) -> None:
    blender.scene.render.filepath = action.value


def _extension(blender: Blender, action: Action) -> None:
    blender.scene.render.use_file_extension = action.value == "1"


def _format(blender: Blender, action: Action) -> None:
    name = FORMATS.get(action.value.upper(), action.value.upper())
    settings = blender.scene.render.image_settings
    try:
        if hasattr(settings, "media_type"):
            settings.media_type = MEDIA.get(name, "IMAGE")
        settings.file_format = name
    except TypeError as problem:
        raise BadUsage(f"{action.option} {action.value}: {_choices(problem)}") from problem


def _engine(blender: Blender, action: Action) -> None:
    try:
        blender.scene.render.engine = action.value
    except TypeError as problem:
        raise BadUsage(f"{action.option} {action.value}: {_choices(problem)}") from problem


def _scene(blender: Blender, action: Action) -> None:
    names = [scene.name for scene in blender.bpy.data.scenes]
    if action.value not in names:
        raise BadUsage(f"{action.option} {action.value}: there is only {', '.join(names)}")
    blender.scene_name = action.value


def _start(blender: Blender, action: Action) -> None:
    scene = blender.scene
    scene.frame_start = relative(action.value, scene.frame_start, scene.frame_start)


def _end(blender: Blender, action: Action) -> None:
    scene = blender.scene
    scene.frame_end = relative(action.value, scene.frame_end, scene.frame_end)


def _jump(blender: Blender, action: Action) -> None:
    blender.scene.frame_step = int(action.value)


def _frames(blender: Blender, action: Action) -> None:
    scene = blender.scene
    for frame in frame_numbers(action.value, scene.frame_start, scene.frame_end):
        blender.render(frame, frame)


def _animation(blender: Blender, action: Action) -> None:
    scene = blender.scene
    if scene.frame_end < scene.frame_start:
        raise BadUsage(
            f"{action.option}: last frame {scene.frame_end} before first {scene.frame_start}"
        )
    blender.render(scene.frame_start, scene.frame_end)


def _python(blender: Blender, action: Action) -> None:
    _script(blender, lambda: runpy.run_path(action.value, run_name="__main__"))


def _expression(blender: Blender, action: Action) -> None:
    _script(blender, lambda: exec(action.value, {"__name__": "__main__"}))  # noqa: S102


def _script(blender: Blender, run: Callable[[], object]) -> None:
    """Run a script; as Blender does, tell of its error and go on unless a code was given."""
    sys.argv = ["blender", *blender.arguments]
    try:
        run()
    except Exception as problem:
        traceback.print_exc()
        if blender.exit_code:
            raise ScriptFailed from problem


def _version(blender: Blender, action: Action) -> None:
    del action
    print(f"Blender {blender.bpy.app.version_string}", flush=True)


DO: dict[str, Callable[[Blender, Action], None]] = {
    "background": _nothing,
    "nothing": _nothing,
    "load": _load,
    "factory": _factory,
    "trust": _trust,
    "distrust": _trust,
    "threads": _threads,
    "exit code": _exit_code,
    "output": _output,
    "extension": _extension,
    "format": _format,
    "engine": _engine,
    "scene": _scene,
    "start": _start,
    "end": _end,
    "jump": _jump,
    "frames": _frames,
    "animation": _animation,
    "python": _python,
    "expression": _expression,
    "version": _version,
}


def _sentence(problem: Exception) -> str:
    """Put Blender's report on one line."""
    return " ".join(str(problem).split()).removeprefix("Error: ")


def _choices(problem: TypeError) -> str:
    """Tell what may be chosen, from Blender's message about an enum."""
    return "there is only " + str(problem).partition(" not found in ")[2].strip("()\n")


if __name__ == "__main__":
    sys.exit(main())
