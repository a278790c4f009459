"""Commands that a job leaves for after its deletion."""

from __future__ import annotations

import sys
from typing import ClassVar

from typing_extensions import override

from grange.plugins import programs
from grange.plugins.service import Service


class Postcmd(Service):
    """Runs any command when a job is gone; `deletefiles` needs no program of its own."""

    program_names: ClassVar[tuple[str, ...]] = ("deletefiles",)

    @override
    def program(self, name: str) -> list[str]:
        """Find a program of that name, else take ours."""
        program = programs.which(name, self.search_path())
        return (
            [program] if program else [sys.executable, "-m", "grange.plugins.runners.deletefiles"]
        )
