"""Who sends a request: bearer tokens, browsers' sessions, and whom they act for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import msgspec

from grange.model.spec import NAME_MAX
from grange.model.states import Role
from grange.server.attempts import Attempts
from grange.server.credentials import Keyring
from grange.server.permissions import Act, Deed, Reach, reach
from grange.server.refusal import BadField, BadOrigin, Forbidden, Unauthenticated
from grange.server.sessions import Session, Sessions
from grange.store.store import CredentialRecord

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
LOGIN_PATH: Final = "/login/"  # of login links; the secret follows
_HOW: Final = "send Authorization: Bearer TOKEN, or run: grange open"


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for something.

    `user` is in whose name: the credential's own, or, from a wrangler or admin, the one that
    the header `Grange-User` names. The role is always the credential's.
    """

    user: str
    role: Role
    name: str  #: whom the credential belongs to
    credential_id: str
    address: str  #: where it came from
    by: Literal["token", "session", "digest", "word"] = "token"  #: "word": only its own
    expires: float = 0.0  #: epoch seconds at which it is nobody any more; 0 never

    @property
    def signature(self) -> str:
        """The user as an audit names him."""
        if self.by == "word":
            return f"{self.user or 'nobody'} (unverified)"
        return self.user if self.user == self.name else f"{self.name} as {self.user}"

    def reach(self, deed: Deed) -> Reach:
        """How far it may do something."""
        return reach(self.role, deed)

    def require(self, deed: Deed, owner: str | None = None) -> None:
        """Refuse what its role may not do.

        Args:
            deed: what it wants to do.
            owner: user whose thing it is; None when it is nobody's in particular.

        Raises:
            Forbidden: says who may.
        """
        found = self.reach(deed)
        if found is Reach.ALL or (found is Reach.OWN and owner in (None, self.user)):
            return
        what = deed.value if isinstance(deed, Act) else deed.__name__
        if found is Reach.OWN:
            raise Forbidden(f"{what}: {self.user!r} may do this to his own, not to {owner!r}'s")
        raise Forbidden(f"{what}: role {self.role.value!r} may not do this")


class Gate:
    """Tells who sends a request.

    Args:
        keyring: the credentials.
        sessions: the browsers'.
        monotonic: seconds that never go back, for counting wrong tries.
    """

    def __init__(
        self, keyring: Keyring, sessions: Sessions, monotonic: Callable[[], float]
    ) -> None:
        self.keyring = keyring
        self.sessions = sessions
        self.attempts = Attempts(monotonic)

    def authenticate(
        self,
        *,
        address: str,
        authorization: str | None,
        cookie: str | None,
        acts_for: str | None = None,
        origin: str | None = None,
        method: str = "GET",
    ) -> Principal:
        """Tell who sends a request.

        A known token is let in however many wrong ones came from its address: one broken
        script must not shut out a studio behind one address, and 256 bits cannot be tried.

        Args:
            address: where it came from.
            authorization: that header.
            cookie: value of the session's cookie.
            acts_for: header Grange-User.
            origin: that header.
            method: of HTTP, WEBSOCKET for a WebSocket.

        Raises:
            Unauthenticated: nobody known.
            BadOrigin: a browser's session without the origin that browsers send.
            Forbidden: it may not act for that user.
        """
        if authorization is not None:
            principal = self._by_token(authorization, address)
        elif cookie is not None:
            principal = self._by_session(cookie, address)
            if method not in SAFE_METHODS and origin is None:
                raise BadOrigin("a session's request names the page it comes from: no Origin")
        else:
            raise Unauthenticated("nobody is signed in", hint=_HOW)
        return self._acting(principal, acts_for) if acts_for else principal

    def worker(self, *, address: str, authorization: str | None, local: bool) -> CredentialRecord:
        """The credential that a worker's link shows, pending and revoked ones included.

        An admin's token opens a link too, from this machine, where `local` says so.

        Raises:
            Unauthenticated: nobody known.
            Forbidden: a token that is not for workers.
        """
        record = self._record(authorization or "", address)
        if record.role != Role.WORKER and not (record.role == Role.ADMIN and local):
            raise Forbidden(f"role {record.role!r} holds no worker's link", hint="use a join code")
        return record

    def login_link(self, url: str, credential_id: str, user: str) -> str:
        """Make an address that signs a browser in, once.

        Args:
            url: the server's, as the browser calls it, without a slash at the end.
            credential_id: whose role the session has, such as `secret.ADMIN_ID`.
            user: in whose name the session asks.
        """
        return f"{url}{LOGIN_PATH}{self.sessions.make_link(credential_id, user)}"

    def sign_in(self, secret: str, address: str) -> Session:
        """Exchange the secret of a login link for a session.

        Raises:
            Unauthenticated: it is unknown, used or too old.
        """
        self.attempts.check(address)
        session = self.sessions.use_link(secret)
        if session is None or self.keyring.active(session.credential_id) is None:
            self.attempts.fail(address)
            raise Unauthenticated(
                "this login link was used, or is too old", hint="get a new one: grange open"
            )
        return session

    def _by_token(self, authorization: str, address: str) -> Principal:
        record = self._record(authorization, address)
        if record.state != "active":
            raise Unauthenticated(f"the token is {record.state}", hint=_HOW)
        return Principal(
            user=record.name,
            role=Role(record.role),
            name=record.name,
            credential_id=record.credential_id,
            address=address,
            expires=record.expires,
        )

    def _record(self, authorization: str, address: str) -> CredentialRecord:
        scheme, _, text = authorization.partition(" ")
        record = self.keyring.find(text.strip()) if scheme.lower() == "bearer" else None
        if record is None:
            self.attempts.check(address)
            self.attempts.fail(address)
            raise Unauthenticated("the token is unknown or expired", hint=_HOW)
        return record

    def _by_session(self, cookie: str, address: str) -> Principal:
        session = self.sessions.open(cookie)
        record = self.keyring.active(session.credential_id) if session is not None else None
        if session is None or record is None:
            raise Unauthenticated("the session is over", hint="sign in again: grange open")
        return Principal(
            user=session.user,
            role=Role(record.role),
            name=record.name,
            credential_id=record.credential_id,
            address=address,
            by="session",
            expires=min(session.expires, record.expires or session.expires),
        )

    def _acting(self, principal: Principal, user: str) -> Principal:
        if user == principal.user:
            return principal
        if len(user) > NAME_MAX or not user.isprintable():
            raise BadField("not a user's name", field="Grange-User")
        if principal.reach(Act.ACT_FOR_OTHERS) is not Reach.ALL:
            raise Forbidden(f"{principal.user!r} may not act for {user!r}")
        return msgspec.structs.replace(principal, user=user)
