"""FFmpeg: the program, or the one that module imageio-ffmpeg brings."""

from __future__ import annotations

import importlib
from typing import ClassVar

from typing_extensions import override

from grange.plugins import programs
from grange.plugins.contract import PluginError
from grange.plugins.service import Service


class Ffmpeg(Service):
    """Runs `ffmpeg ...`."""

    parser: ClassVar[str] = "ffmpeg"
    program_names: ClassVar[tuple[str, ...]] = ("ffmpeg",)

    @override
    @classmethod
    def found(cls) -> str:
        """Name the program and its version."""
        program = programs.which("ffmpeg") or bundled()
        if not program:
            return ""
        version = programs.version([program, "-version"], r"ffmpeg version (\S+)")
        return f"FFmpeg {version or '(unknown version)'} at {program}"

    @override
    def program(self, name: str) -> list[str]:
        """Find ffmpeg."""
        program = programs.which(name, self.search_path()) or bundled()
        if program:
            return [program]
        raise PluginError(
            "no ffmpeg on this machine: install it and put it on the worker's PATH, or "
            "install the Python module imageio-ffmpeg beside grange"
        )


def bundled() -> str:
    """Give the program of module imageio-ffmpeg, "" if there is none."""
    if not programs.importable("imageio_ffmpeg"):
        return ""
    try:
        return str(importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe())
    except RuntimeError:  # the module came without a program
        return ""
