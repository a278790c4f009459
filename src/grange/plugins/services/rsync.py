"""rsync."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.program_service import ProgramService


class Rsync(ProgramService):
    """Runs `rsync ...`."""

    parser: ClassVar[str] = "rsync"
    title: ClassVar[str] = "rsync"
    program_names: ClassVar[tuple[str, ...]] = ("rsync",)
