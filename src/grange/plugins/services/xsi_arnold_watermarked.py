"""Arnold inside Softimage, where a picture with a watermark is as good."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.services.xsi import Xsi


class XsiArnoldWatermarked(Xsi):
    """Runs `xsibatch ...`."""

    parser: ClassVar[str] = "xsi_arnold_watermarked"
