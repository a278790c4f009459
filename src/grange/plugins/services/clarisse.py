"""Clarisse."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.program_service import ProgramService


class Clarisse(ProgramService):
    """Runs `cnode ...`."""

    parser: ClassVar[str] = "clarisse"
    title: ClassVar[str] = "Clarisse"
    program_names: ClassVar[tuple[str, ...]] = ("cnode", "crender")
    places: ClassVar[tuple[str, ...]] = ("/opt/isotropix/clarisse*/clarisse/cnode",)
