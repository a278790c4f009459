"""What the native door is put together from."""

from __future__ import annotations

from dataclasses import dataclass

from grange.server.auth import Gate
from grange.server.desk import Desk
from grange.server.doctor import Doctor
from grange.server.feed import Feed
from grange.server.links import Links
from grange.server.page import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """What a join code says of the server, and how machines that use one are treated."""

    host: str  #: "" as well as it can be told
    port: int
    fingerprint: str  #: "" without TLS
    code_s: float  #: seconds that a code is good for
    accept: bool  #: whether a code is enough, without a person's word


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts(Desk):
    """All that the native door needs.

    Attributes:
        gate: tells who asks.
        doctor: examines the farm.
        links: holds the workers' links.
        feed: serves those who watch.
        page: the web page.
        joining: what a join code says.
    """

    gate: Gate
    doctor: Doctor
    links: Links
    feed: Feed
    page: Page
    joining: Joining
