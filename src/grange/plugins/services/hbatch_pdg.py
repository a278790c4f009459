"""Work items of Houdini's PDG."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.services.hbatch import Hbatch


class HbatchPdg(Hbatch):
    """Runs `hython ...` or what PDG wrote in its command."""

    parser: ClassVar[str] = "generic"
