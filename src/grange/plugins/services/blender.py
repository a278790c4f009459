"""Blender: the program, or its Python module with Grange's runner."""

from __future__ import annotations

import sys
from typing import ClassVar, Final

from typing_extensions import override

from grange.plugins import programs
from grange.plugins.contract import PluginError
from grange.plugins.service import Service

PLACES: Final = (
    "/opt/blender*/blender",
    "/Applications/Blender*.app/Contents/MacOS/Blender",
    "C:/Program Files/Blender Foundation/Blender*/blender.exe",
)


class Blender(Service):
    """Runs `blender ...`; without the program, the same arguments with module `bpy`."""

    parser: ClassVar[str] = "blender_cycles"
    program_names: ClassVar[tuple[str, ...]] = ("blender",)

    @override
    @classmethod
    def found(cls) -> str:
        """Name the program or the module, and its version."""
        program = programs.which("blender", places=PLACES)
        if program:
            version = programs.version([program, "--version"], r"Blender ([\d.]+)")
            return f"Blender {version or '(unknown version)'} at {program}"
        return f"bpy {programs.module_version('bpy')}" if programs.importable("bpy") else ""

    @override
    def program(self, name: str) -> list[str]:
        """Find Blender."""
        program = programs.which(name, self.search_path(), PLACES)
        if program:
            return [program]
        if programs.importable("bpy"):
            return [sys.executable, "-m", "grange.plugins.runners.blender"]
        raise PluginError(
            "no blender on this machine: install Blender and put its folder on the worker's "
            "PATH, or install the Python module bpy beside grange"
        )
