"""Mental Ray alone, also on several hosts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from typing_extensions import override

from grange.plugins.program_service import ProgramService


class Mentalray(ProgramService):
    """Runs `ray ...`."""

    parser: ClassVar[str] = "mentalray"
    title: ClassVar[str] = "Mental Ray"
    program_names: ClassVar[tuple[str, ...]] = ("ray", "mentalray")

    @override
    def hosts_arguments(self, hosts: Sequence[str]) -> list[str]:
        """Write hosts as Mental Ray wants them."""
        return ["-hosts", *hosts, "--"]
