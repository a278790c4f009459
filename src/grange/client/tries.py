"""How often a request is tried, as values: what sleeps is elsewhere."""

from __future__ import annotations

from typing import Final

from grange.client.requests.message import Reply

PATIENCE_S: Final = 10.0  # seconds that a server may take to restart
RECONNECT_S: Final = 600.0  # seconds that a watch outlives the server: an upgrade at night
FIRST_S: Final = 0.1  # pause before the second try
MOST_S: Final = 2.0  # between two tries
BUSY: Final = frozenset({429, 502, 503, 504})  # statuses: nothing was done, ask again


class Tries:
    """Pauses between tries, each longer than the one before, until patience is used up.

    Args:
        patience_s: how long all pauses together may be; 0 tries once.
    """

    def __init__(self, patience_s: float) -> None:
        self._left_s = patience_s
        self._next_s = FIRST_S

    def pause(self, least_s: float = 0.0) -> float | None:
        """Give the seconds until the next try; None when there is to be none."""
        pause = max(self._next_s, least_s)
        if pause > self._left_s:
            return None
        self._left_s -= pause
        self._next_s = min(self._next_s * 2, MOST_S)
        return pause

    def after(self, reply: Reply) -> float | None:
        """Give the seconds until the next try; None where the reply is to be taken."""
        if reply.status not in BUSY:
            return None
        asked = reply.headers.get("retry-after", "")
        return self.pause(float(asked) if asked.isdecimal() else 0.0)
