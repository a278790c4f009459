"""Who may come in: by address, by password; and which pages may send requests.

The protocol itself knows no security. An address of a network that is allowed comes in as whom
it says it is, which the audit marks as unverified; any other needs a password.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from grange.doors.afanasy.digest import Challenge, Digest
from grange.doors.afanasy.framing import Get, Post
from grange.model.spec import NAME_MAX
from grange.model.states import Role
from grange.server.auth import Principal
from grange.server.guard import HOST, LOOPBACK_NAMES, bare_host
from grange.server.refusal import BadField, BadHost, BadOrigin, Forbidden

#: Where the sender's name stands, by the member of the root that holds it.
_NAMES: Final = {
    "action": "user_name",
    "job": "user_name",
    "get": "user_name",
    "monitor": "user_name",
    "user": "name",
}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Access:
    """Tells who may come in.

    Args:
        allow: networks whose clients need no password.
        digest: asks the others for theirs; None: they may not come in.
        role: of whoever has come in.
        hosts: names that a request may be meant for, besides this machine's loopback names
            and the address that it was sent to.
    """

    def __init__(
        self, *, allow: Sequence[str], digest: Digest | None, role: Role, hosts: Iterable[str]
    ) -> None:
        self._allow = [network(text) for text in allow]
        self._digest = digest
        self._role = role
        self._hosts = LOOPBACK_NAMES | {bare_host(host) for host in hosts}

    def admits(self, address: str) -> bool:
        """Whether an address may connect at all."""
        return self._digest is not None or self.trusts(address)

    def trusts(self, address: str) -> bool:
        """Whether a client needs no password."""
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return any(found in allowed for allowed in self._allow)

    def sees_pictures(self, address: str) -> bool:
        """Whether thumbnails may be shown there: a page cannot send a password with those."""
        proved = self._digest is not None and self._digest.knows(address)
        return proved or self.trusts(address)

    def enter(self, root: Mapping[str, Any], address: str) -> Principal | Challenge:
        """Who sends a request.

        Args:
            root: of the request.
            address: where it came from.

        Returns:
            What the sender must answer first, where a password is needed.

        Raises:
            BadField: what should be a name is none.
            TooManyAttempts: too many wrong passwords came from there.
        """
        if self.trusts(address):
            return self._principal(claimed(root), address, verified=False)
        if self._digest is None:
            raise Forbidden(f"{address} may not come in here")
        found = self._digest.who(root.get("auth"), address)
        if isinstance(found, Challenge):
            return found
        return self._principal(found, address, verified=True)

    def machine(self, address: str) -> Principal:
        """The sender of a binary message that names nobody.

        Raises:
            Forbidden: it would need a password, which such messages cannot carry.
        """
        if not self.trusts(address):
            raise Forbidden(f"{address} is in no network that needs no password")
        return self._principal("", address, verified=False)

    def check_page(self, request: Get | Post, reached: str) -> None:
        """Refuse what a page of a foreign site has made a browser send.

        Args:
            request: as it came.
            reached: the address of ours that it was sent to.

        Raises:
            BadHost: it was meant for a server of another name.
            BadOrigin: it comes from such a page.
        """
        name = _host_name(request.host)
        if not name or (name not in self._hosts and name != bare_host(reached)):
            raise BadHost(f"this server is not called {name[:100]!r}: see allowed_hosts")
        if isinstance(request, Get):
            return
        if not request.marked:
            raise BadOrigin("a request carries the header AFANASY")
        if request.origin is not None and _origin_host(request.origin) != request.host.lower():
            raise BadOrigin(f"a page of {request.origin[:100]!r} may not send this")

    def _principal(self, user: str, address: str, *, verified: bool) -> Principal:
        return Principal(
            user=user,
            role=self._role,
            name=user,
            credential_id="afanasy",
            address=address,
            by="digest" if verified else "word",
        )


def network(text: str) -> Network:
    """A network, or one address.

    Raises:
        ValueError: it is none.
    """
    return ipaddress.ip_network(text.strip(), strict=False)


def claimed(root: Mapping[str, Any]) -> str:
    """Whom a request says it comes from; "" when it does not say.

    Raises:
        BadField: that is no name.
    """
    for member, key in _NAMES.items():
        inner = root.get(member)
        said = inner.get(key) if isinstance(inner, dict) else None
        if said is None or said == "":
            continue
        if not isinstance(said, str) or len(said) > NAME_MAX or not said.isprintable():
            raise BadField(f"{member}.{key}: not a user's name", field=f"{member}.{key}")
        return said
    return ""


def _host_name(header: str) -> str:
    """The name in a header Host; "" when it cannot be read."""
    found = HOST.fullmatch(header)
    return bare_host(found[1]) if found is not None else ""


def _origin_host(origin: str) -> str:
    """Host and port of an origin as a header Host has them; "" when it is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
