"""Requests about who may do what: credentials, join codes, login links."""

from __future__ import annotations

import msgspec

from grange.client.requests.message import (
    Request,
    delete,
    get,
    post,
    reads,
    reads_member,
    segment,
)
from grange.model.states import Role
from grange.model.views import CredentialView, Whoami


class NewCredential(msgspec.Struct, frozen=True, kw_only=True):
    """A credential and its secret, which is shown this once."""

    credential: CredentialView
    secret: str


class NewJoinCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code that lets another computer join."""

    code: str
    expires: float


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's own credential."""

    credential_id: str
    secret: str
    state: str  #: pending until a person accepts it


def whoami() -> Request[Whoami]:
    """Ask who the server takes the sender for."""
    return get("/whoami", reads(Whoami))


def credentials() -> Request[tuple[CredentialView, ...]]:
    """List all credentials."""
    return get("/credentials", reads_member("credentials", tuple[CredentialView, ...]))


def create(
    name: str, role: Role, *, expires_s: float | None = None, note: str = ""
) -> Request[NewCredential]:
    """Make a token.

    Args:
        name: of the user that it stands for.
        role: what it may do.
        expires_s: seconds that it is good for; None for ever.
        note: for people, such as where it is used.
    """
    body: dict[str, object] = {"name": name, "role": role}
    if expires_s is not None:
        body["expires_s"] = expires_s
    if note:
        body["note"] = note
    return post("/credentials", reads(NewCredential), body)


def accept(credential_id: str) -> Request[CredentialView]:
    """Accept a worker that has joined by a code."""
    path = f"/credentials/{segment(credential_id)}/accept"
    return post(path, reads(CredentialView), repeatable=True)


def revoke(credential_id: str) -> Request[None]:
    """Take a credential away."""
    return delete(f"/credentials/{segment(credential_id)}")


def join_code(expires_s: float | None = None) -> Request[NewJoinCode]:
    """Make a code that lets other computers join."""
    body = {} if expires_s is None else {"expires_s": expires_s}
    return post("/join-codes", reads(NewJoinCode), body)


def join(code: str, name: str) -> Request[Joined]:
    """Join as a worker. Needs no token: the code is enough."""
    return post("/join", reads(Joined), {"code": code, "name": name})


def login_link() -> Request[str]:
    """Make a link that signs a browser in, once."""
    return post("/login-links", reads_member("url", str))
