"""Arnold inside Softimage."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.services.xsi import Xsi


class XsiArnold(Xsi):
    """Runs `xsibatch ...`."""

    parser: ClassVar[str] = "xsi_arnold"
