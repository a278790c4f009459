"""Wakes machines: the magic packet of wake-on-LAN (AMD, "Magic Packet Technology", 1995)."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable
from typing import Final

PORT: Final = 9  # discard, as is the custom
PORT_MAX: Final = 65_535
REPEATS: Final = 16  # of the hardware address, in one packet
MAC_BYTES: Final = 6
SYNC: Final = b"\xff" * 6

log = logging.getLogger("grange")


def magic_packet(mac: str) -> bytes:
    """The packet that wakes the machine with a hardware address.

    Args:
        mac: such as "02:42:ac:11:00:02"; dashes will do.

    Raises:
        ValueError: not an address of six bytes.
    """
    address = bytes.fromhex(mac.replace(":", "").replace("-", ""))
    if len(address) != MAC_BYTES:
        raise ValueError(f"{mac!r} is not a hardware address of {MAC_BYTES} bytes")
    return SYNC + address * REPEATS


def split_address(text: str) -> tuple[str, int]:
    """An address with or without a port.

    Raises:
        ValueError: the port is none.
    """
    host, colon, digits = text.rpartition(":")
    if not colon:
        return text, PORT
    port = int(digits)
    if not 0 < port <= PORT_MAX:
        raise ValueError(f"{port} is not a port")
    return host, port


def wake(macs: Iterable[str], addresses: Iterable[str]) -> None:
    """Send each interface of a machine its packet; what cannot be sent is told in the log.

    Args:
        macs: hardware addresses, as the worker has told them.
        addresses: where to, each with or without a port; broadcasts of IPv4 networks.
    """
    packets = list(_packets(macs))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        for address in addresses:
            try:
                for packet in packets:
                    sender.sendto(packet, split_address(address))
            except OSError as error:
                log.warning("no machine can be woken by %s: %s", address, error)


def _packets(macs: Iterable[str]) -> Iterable[bytes]:
    for mac in macs:
        try:
            yield magic_packet(mac)
        except ValueError:  # of a tunnel or an InfiniBand card, which no packet wakes
            continue
