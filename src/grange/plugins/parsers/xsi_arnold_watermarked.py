"""Arnold inside Softimage, where a picture with a watermark is as good."""

from __future__ import annotations

from grange.plugins.parsers.xsi_arnold import XsiArnold


class XsiArnoldWatermarked(XsiArnold):
    """Reads what `XsiArnold` does; that there is no licence was known before."""
