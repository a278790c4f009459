"""V-Ray alone, also on several hosts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from typing_extensions import override

from grange.plugins.program_service import ProgramService


class Vray(ProgramService):
    """Runs `vray ...`."""

    parser: ClassVar[str] = "vray"
    title: ClassVar[str] = "V-Ray"
    program_names: ClassVar[tuple[str, ...]] = ("vray",)
    places: ClassVar[tuple[str, ...]] = ("/usr/ChaosGroup/V-Ray/*/bin/vray",)

    @override
    def hosts_arguments(self, hosts: Sequence[str]) -> list[str]:
        """Write hosts as V-Ray wants them."""
        return [f"-renderhost={';'.join(hosts)}"]
