"""Internet addresses and network interfaces in Afanasy's shapes."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from grange.core.objects import Worker
from grange.doors.afanasy.shapes.node import NOWHERE, Address, NetInterface
from grange.model.run import Traits


def address(text: str) -> Address:
    """An address that was written down; nowhere if it is none."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return NOWHERE
    ip = str(found) if found.version == 4 else found.exploded
    return Address(family=found.version, ip=ip, port=0)


def of_worker(worker: Worker) -> Address:
    """Where a worker is: where its connection comes from, else the first that it has told."""
    known = [address(text) for text in (worker.address, *worker.traits.addresses)]
    return next((item for item in known if item.family), NOWHERE)


def interfaces(traits: Traits) -> tuple[NetInterface, ...]:
    """A machine's network interfaces. An older worker tells no more than their numbers."""
    if traits.netifs:
        return tuple(
            NetInterface(name=item.name, mac=item.mac, addresses=_known(item.addresses))
            for item in traits.netifs
        )
    return tuple(NetInterface(name=f"net{at}", mac=mac) for at, mac in enumerate(traits.macs))


def _known(texts: Iterable[str]) -> tuple[Address, ...]:
    return tuple(found for text in texts if (found := address(text)).family)
