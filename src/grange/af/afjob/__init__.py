"""A job out of a scene, as CGRU's `afjob.py` makes it: the name's ending says how to render."""

from __future__ import annotations

from grange.af.afjob.making import job_of
from grange.af.afjob.options import Options, Variation
from grange.af.afjob.scenes import ENDINGS, BadScene

__all__ = ["ENDINGS", "BadScene", "Options", "Variation", "job_of"]
