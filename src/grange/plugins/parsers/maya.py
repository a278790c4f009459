"""Maya: the errors of its batch renderer, which knows no progress."""

from __future__ import annotations

from grange.plugins.line_parser import LineParser


class Maya(LineParser):
    """Knows errors only; parsers of Maya's renderers are derived from it."""

    def __init__(self) -> None:
        super().__init__()
        self.str_error += [
            "Frame aborted",
            "Frame rendering aborted",
            "Fatal Error",
            "Maya exited with status 210",
            "failed to render",
            "(kFailure)",
        ]
