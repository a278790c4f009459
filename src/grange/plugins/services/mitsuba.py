"""Mitsuba 3, by Grange's runner on its Python module."""

from __future__ import annotations

import sys
from typing import ClassVar

from typing_extensions import override

from grange.plugins import programs
from grange.plugins.contract import PluginError
from grange.plugins.service import Service


class Mitsuba(Service):
    """Runs `mitsuba ...` by the runner, which knows frames. A path to the program is kept."""

    parser: ClassVar[str] = "mitsuba"
    program_names: ClassVar[tuple[str, ...]] = ("mitsuba",)

    @override
    @classmethod
    def found(cls) -> str:
        """Name the module's version."""
        if not programs.importable("mitsuba"):
            return ""
        return f"Mitsuba {programs.module_version('mitsuba')}"

    @override
    def program(self, name: str) -> list[str]:
        """Give the runner."""
        if programs.importable("mitsuba"):
            return [sys.executable, "-m", "grange.plugins.runners.mitsuba"]
        raise PluginError(
            "no mitsuba on this machine: install the Python module mitsuba beside grange"
        )
