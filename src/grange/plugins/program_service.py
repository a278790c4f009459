"""The base class of services whose program must be on the machine."""

from __future__ import annotations

from typing import ClassVar

from typing_extensions import override

from grange.plugins import programs
from grange.plugins.contract import PluginError
from grange.plugins.service import Service


class ProgramService(Service):
    """Looks for its program on the PATH, then where its installer puts it.

    Only the first word of a command is looked up, and only if it is one of `program_names`,
    which all stand for the same program. A command that begins with a path, or with a
    studio's own wrapper, is left as it is.
    """

    #: What people call the program.
    title: ClassVar[str] = ""
    #: Absolute paths of the program, with `*` where versions differ; the last one is taken.
    places: ClassVar[tuple[str, ...]] = ()

    @override
    @classmethod
    def found(cls) -> str:
        """Name the program and its place; starts nothing."""
        program = cls._find(None)
        return f"{cls.title} at {program}" if program else ""

    @override
    def program(self, name: str) -> list[str]:
        """Find the program.

        Raises:
            PluginError: it is not here.
        """
        path = self.search_path()
        program = programs.which(name, path) or self._find(path)
        if program:
            return [program]
        raise PluginError(
            f"no {name} on this machine: install {self.title} and put its folder on the "
            "worker's PATH, or begin the command with the program's whole path"
        )

    @classmethod
    def _find(cls, path: str | None) -> str:
        named = (programs.which(name, path) for name in cls.program_names)
        return next((program for program in named if program), "") or programs.which(
            cls.program_names[0], path, cls.places
        )
