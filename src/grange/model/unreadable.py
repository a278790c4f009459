"""What msgspec raises on bytes that are no value of a type: catch all three, or none."""

from __future__ import annotations

from typing import Final

import msgspec

#: Bytes that are not of the format or not of the type; text that is no UTF-8; a nest too deep.
UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
