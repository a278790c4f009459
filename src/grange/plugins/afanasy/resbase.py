"""`resources.resbase`: the base class of Afanasy's custom resources, and of ours."""

from __future__ import annotations


class resbase:  # noqa: N801 (Afanasy's documented name)
    """Measures something of this machine; what it finds is in its attributes."""

    def __init__(self) -> None:
        self.value: float = 0  #: as it stands
        self.valuemax: float = 100  #: the greatest value, for a scale
        self.width: float = 0  #: pixels it would like to be wide; 0 any
        self.height: float = 50  #: pixels it would like to be high
        self.label = "Custom\nMeter"  #: a text to stand by it
        self.labelsize: float = 10  #: points of the label's font
        self.tooltip = "Custom resources meter."  #: a longer text
        self.valid = False  #: set it to true where this machine can be measured
        # colours: red, green and blue of the value, of the label, and of what is behind
        self.graphr: float = 0
        self.graphg: float = 255
        self.graphb: float = 0
        self.labelr: float = 255
        self.labelg: float = 255
        self.labelb: float = 0
        self.bgcolorr: float = 10
        self.bgcolorg: float = 20
        self.bgcolorb: float = 5

    def update(self) -> None:
        """Measure; called each time the machine's load is."""
        raise NotImplementedError("write a method `update` that sets self.value")
