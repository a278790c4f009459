"""Cut a stream of bytes into whole lines of text."""

from __future__ import annotations

import codecs
from typing import Final

HELD_MAX: Final = 16 * 1024  # characters of an unfinished line; a longer one is cut


class Lines:
    """Holds back the unfinished line at the end of what came.

    A line ends with a newline or, as that of a progress bar, with a carriage return. Bytes
    that are not UTF-8 become the replacement character; a character that is cut between two
    pieces does not.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.held = ""  #: the unfinished line

    def push(self, data: bytes) -> str:
        """Add a piece; return the lines that are whole now. Cost: O(piece + HELD_MAX)."""
        text = self.held + self._decoder.decode(data)
        end = max(text.rfind("\n"), text.rfind("\r")) + 1
        if len(text) - end > HELD_MAX:
            end = len(text)
        self.held = text[end:]
        return text[:end]

    def end(self) -> str:
        """Return what is left, ended by a newline; "" when nothing is."""
        text = self.held + self._decoder.decode(b"", final=True)
        self.held = ""
        return f"{text}\n" if text else ""
