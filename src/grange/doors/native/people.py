"""Routes of credentials, join codes and signing in."""

from __future__ import annotations

import asyncio
from typing import Final

from litestar import MediaType, Response, delete, get, post
from litestar.datastructures import Cookie
from litestar.params import JSONBody

from grange.doors.native.answers import (
    Credentials,
    Issued,
    JoinCodeMade,
    Joined,
    LoginLink,
)
from grange.doors.native.asks import Join, NewJoinCode, NewToken
from grange.doors.native.parameters import CredentialName, Door, Req, Secret, Sender
from grange.doors.native.refusals import CHANGING, OPEN, READING, SIGNING_IN
from grange.model.states import Role
from grange.model.views import CredentialView
from grange.server.page import SIGN_IN, SIGNED_IN
from grange.server.permissions import Act
from grange.server.refusal import BadField, Forbidden, Unauthenticated
from grange.server.request import sender
from grange.server.sessions import COOKIE
from grange.server.state_dir import outer_name
from grange.store.store import AuditRecord, CredentialRecord
from grange.wire.address import is_loopback
from grange.wire.join import BadJoinCode, JoinCode, decode, encode

JOIN_MAX: Final = 16 * 1024  # bytes of a request to join


@get(
    "/credentials",
    operation_id="listCredentials",
    summary="All credentials, without their secrets",
    responses=READING,
)
async def list_credentials(caller: Sender) -> Credentials:
    """Who may not make tokens sees those of workers, and join codes."""
    caller.may(Act.ADMIT_WORKERS)
    records = caller.parts.gate.keyring.views()
    if not caller.principal.reach(Act.ISSUE_TOKENS):
        records = [item for item in records if item.kind != "token"]
    return Credentials(credentials=tuple(records))


@post(
    "/credentials",
    operation_id="issueToken",
    summary="Make a token for a person or a program",
    responses=CHANGING,
)
async def issue_token(caller: Sender, data: JSONBody[NewToken]) -> Issued:
    """The secret is shown this once; only its hash is kept."""
    caller.may(Act.ISSUE_TOKENS)
    if data.role is Role.WORKER:
        raise BadField("a worker joins with a code: make one with grange join-code", field="role")
    keyring = caller.parts.gate.keyring
    record, secret = await keyring.issue(
        data.name, data.role, expires_s=data.expires_s or 0.0, note=data.note
    )
    await caller.audit("IssueToken", _target(record), {"name": data.name, "role": data.role})
    return Issued(credential=keyring.view(record), secret=secret)


@post(
    "/credentials/{credential:str}/accept",
    operation_id="acceptCredential",
    summary="Let a pending worker in",
    status_code=200,
    responses=CHANGING,
)
async def accept_credential(caller: Sender, credential: CredentialName) -> CredentialView:
    """It takes the place of an older credential of the same name."""
    caller.may(Act.ADMIT_WORKERS)
    record = await caller.parts.gate.keyring.accept(credential)
    await caller.audit("AcceptCredential", _target(record), {"name": record.name})
    return caller.parts.gate.keyring.view(record)


@delete(
    "/credentials/{credential:str}",
    operation_id="revokeCredential",
    summary="End a credential for good",
    responses=CHANGING,
)
async def revoke_credential(caller: Sender, credential: CredentialName) -> None:
    """Sessions that were opened with it end too."""
    keyring = caller.parts.gate.keyring
    caller.may(Act.ADMIT_WORKERS)
    if keyring.get(credential).kind == "token":
        caller.may(Act.ISSUE_TOKENS)
    record = await keyring.revoke(credential)
    await caller.audit("RevokeCredential", _target(record), {"name": record.name})


@post(
    "/join-codes",
    operation_id="makeJoinCode",
    summary="Make a code by which machines join",
    responses=CHANGING,
)
async def make_join_code(
    caller: Sender, request: Req, data: JSONBody[NewJoinCode]
) -> JoinCodeMade:
    """It carries the server's address and its certificate's fingerprint."""
    caller.may(Act.ADMIT_WORKERS)
    joining = caller.parts.joining
    record, secret = await caller.parts.gate.keyring.issue_join(
        data.expires_s or joining.code_s, f"made by {caller.principal.signature}"
    )
    code = JoinCode(
        host=joining.host or await _host(request, local=not joining.fingerprint),
        port=joining.port,
        fingerprint=joining.fingerprint,
        secret=secret,
    )
    await caller.audit("MakeJoinCode", _target(record), {"expires": record.expires})
    return JoinCodeMade(code=encode(code), expires=record.expires)


@post(
    "/login-links",
    operation_id="makeLoginLink",
    summary="Make a link that signs a browser in, once",
    responses=CHANGING,
)
async def make_login_link(caller: Sender, request: Req) -> LoginLink:
    """The session has the sender's user and role. A session cannot make a link."""
    if caller.principal.by == "session":
        raise Forbidden("a session cannot prolong itself", hint="use a token: grange open")
    who = caller.principal
    base = str(request.base_url).rstrip("/")
    return LoginLink(url=caller.parts.gate.login_link(base, who.credential_id, who.user))


@post(
    "/join",
    operation_id="join",
    summary="Join as a worker, by a code",
    responses=OPEN,
    request_max_body_size=JOIN_MAX,  # anybody may send one
)
async def join(request: Req, parts: Door, data: JSONBody[Join]) -> Joined:
    """The credential is good once a person has accepted it."""
    address = sender(request.scope)
    parts.gate.attempts.check(address)
    try:
        code = decode(data.code)
    except BadJoinCode as error:
        raise BadField(str(error), field="code") from error
    try:
        record, secret = await parts.gate.keyring.join(
            code.secret, data.name, f"joined from {address}", accept=parts.joining.accept
        )
    except Unauthenticated:
        parts.gate.attempts.fail(address)
        raise
    await parts.audit(
        AuditRecord(
            at=parts.clock(),
            user=record.name,
            role=Role.WORKER,
            address=address,
            action="Join",
            target=_target(record),
        )
    )
    return Joined(credential_id=record.credential_id, secret=secret, state=record.state)


@get(
    "/login/{secret:str}",
    operation_id="signIn",
    summary="Exchange a login link for a session",
    media_type=MediaType.HTML,
    responses=SIGNING_IN,
)
async def sign_in(request: Req, parts: Door, secret: Secret) -> Response[str]:
    """Sets the cookie and goes on to the page.

    By a page and not by a redirect: after a link in a page of another site, a browser sends
    a cookie that is `SameSite=Strict` only once our own page has led on.
    """
    try:
        session = parts.gate.sign_in(secret, sender(request.scope))
    except Unauthenticated:
        return Response(SIGN_IN, status_code=401, media_type=MediaType.HTML)
    cookie = Cookie(
        key=COOKIE,
        value=parts.gate.sessions.seal(session),
        max_age=int(parts.gate.sessions.life_s),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return Response(SIGNED_IN, media_type=MediaType.HTML, cookies=[cookie])


@post(
    "/logout",
    operation_id="signOut",
    summary="End a browser's session",
    status_code=204,
    responses=OPEN,
    response_cookies=[Cookie(key=COOKIE, value="", max_age=0)],
)
async def sign_out() -> None:
    """Takes the cookie away."""


async def _host(request: Req, *, local: bool) -> str:
    """The name by which other machines find this one, when nobody has set it."""
    asked = request.url.hostname or "localhost"
    if local or not is_loopback(asked):
        return asked
    return await asyncio.to_thread(outer_name)


def _target(record: CredentialRecord) -> str:
    return f"credential/{record.credential_id}"


ROUTES = (
    *(list_credentials, issue_token, accept_credential, revoke_credential),
    *(make_join_code, make_login_link),
)
OPEN_ROUTES = (join, sign_in, sign_out)
