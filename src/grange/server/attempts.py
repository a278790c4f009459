"""Counts wrong secrets per address, so that nobody can try them for long."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from grange.server.refusal import TooManyAttempts

LIMIT: Final = 20  # wrong tries within one window
WINDOW_S: Final = 60.0
ADDRESSES_MAX: Final = 10_000  # remembered at once; the oldest is forgotten


class Attempts:
    """Failed tries of late.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, tuple[float, int]] = OrderedDict()  # start of window, tries

    def fail(self, address: str) -> None:
        """Note a wrong secret."""
        key, now = _network(address), self._clock()
        start, count = self._failed.pop(key, (now, 0))
        if now - start >= WINDOW_S:
            start, count = now, 0
        self._failed[key] = (start, count + 1)
        while len(self._failed) > ADDRESSES_MAX:
            self._failed.popitem(last=False)

    def check(self, address: str) -> None:
        """Refuse an address that was wrong too often.

        Raises:
            TooManyAttempts: says when to come back.
        """
        start, count = self._failed.get(_network(address), (0.0, 0))
        left = start + WINDOW_S - self._clock()
        if count >= LIMIT and left > 0:
            raise TooManyAttempts(
                f"{count} wrong secrets from {address} within {WINDOW_S:.0f} s", retry_s=left
            )


def _network(address: str) -> str:
    """What one party has for itself: an IPv4 address, or 64 bits of an IPv6 one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found, 64), strict=False))
