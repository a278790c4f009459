"""Redshift inside Softimage."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.services.xsi import Xsi


class XsiRedshift(Xsi):
    """Runs `xsibatch ...`."""

    parser: ClassVar[str] = "xsi_redshift"
