"""An example to begin with: a value that grows by itself."""

from __future__ import annotations

from typing_extensions import override

from grange.plugins.afanasy.resbase import resbase

STEP = 3  # by which it grows


class Example(resbase):
    """Counts from 0 to 100 and changes its text, sizes and colours."""

    def __init__(self) -> None:
        super().__init__()
        self.tooltip = "An example of a custom resource: copy it and measure something."
        self.valid = True

    @override
    def update(self) -> None:
        """Grow."""
        self.value += STEP
        if self.value > self.valuemax:
            self.value = 0
        self.height = 15 + self.value
        self.label = f"Example\nValue = {self.value:.0f}"
        self.labelsize = 5 + self.value / 5
        self.graphr = self.labelb = self.bgcolorb = 2 * self.value
