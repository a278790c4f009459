"""Scenes that `grange submit` knows how to render: which program, and how it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple


class Rendering(NamedTuple):
    """How a scene is rendered."""

    service: str
    command: tuple[str, ...]
    files: tuple[str, ...] = ()


class UnknownScene(ValueError):
    """A file that no program here is known to render; the text says what can be done."""


class Scene(NamedTuple):
    """A scene and where its pictures go."""

    path: str
    output: str  #: pattern with one frame's number in it, such as /out/a.@####@.png; "" its own


def blender(scene: Scene) -> Rendering:
    """Ask Blender. It reads its arguments in order: the output must come before `-a`."""
    output = ("-o", hashes(scene.output)) if scene.output else ()
    frames = ("-s", "@first#@", "-e", "@last#@", "-j", "@inc@", "-a")
    files = (scene.output,) if scene.output else ()
    return Rendering("blender", ("blender", "-b", scene.path, *output, *frames), files)


def mitsuba(scene: Scene) -> Rendering:
    """Ask Mitsuba. Without a word on the output, pictures go beside the scene."""
    path = Path(scene.path)
    output = scene.output or str(path.with_name(f"{path.stem}.@####@.png"))
    frames = ("--first", "@first#@", "--last", "@last#@", "--inc", "@inc@")
    command = ("mitsuba", scene.path, *frames, "--output", hashes(output))
    return Rendering("mitsuba", command, (output,))


#: Which program renders a file where nobody says; by the end of its name.
USUAL: Final[Mapping[str, str]] = {".blend": "blender"}
#: How each program is asked, and which files it takes.
_WAYS: Final[Mapping[str, tuple[Callable[[Scene], Rendering], frozenset[str]]]] = {
    "blender": (blender, frozenset({".blend"})),
    "mitsuba": (mitsuba, frozenset({".xml", ".py"})),
}


def rendering(path: str, service: str, output: str) -> Rendering:
    """Find out how a scene is rendered.

    Args:
        path: of the scene.
        service: that is to render it; "" the usual one.
        output: where pictures go; "" where the scene or the program says.

    Raises:
        UnknownScene: nobody here knows how.
    """
    ending = Path(path).suffix.lower()
    chosen = service or USUAL.get(ending, "")
    way, endings = _WAYS.get(chosen, (None, frozenset()))
    if way is None or ending not in endings:
        able = [name for name, (_, endings) in _WAYS.items() if ending in endings]
        advice = f"say --service {able[0]}" if able else "give the command after --"
        raise UnknownScene(f"nothing is known of how to render {path!r}: {advice}")
    return way(Scene(path, output))


def hashes(pattern: str) -> str:
    """Write a pattern of ours as programs write it: `a.@####@.png` as `a.####.png`."""
    return pattern.replace("@#", "#").replace("#@", "#")
