"""Speak to an Afanasy server: `AFANASY <n> JSON`, then n bytes of JSON, both ways.

One request and one reply in a connection. The server may send the reply in pieces, write
blanks behind it, and leave control characters in its texts.
"""

from __future__ import annotations

import json
import re
import socket
from typing import Any, Final, NamedTuple

import msgspec

from grange.af import cgruconfig, digest
from grange.af.cgruconfig import tell
from grange.client.errors import BadReply, NotAllowed, Unreachable
from grange.model.unreadable import UNREADABLE
from grange.model.views import ErrorBody

CONNECT_S: Final = 10.0  # seconds for a server to take a connection
SILENCE_S: Final = 60.0  # seconds in which nothing comes
PIECE_BYTES: Final = 65_536
HEADER_MAX_BYTES: Final = 64
REPLY_MAX_BYTES: Final = 1 << 28  # four times what a request may have
_HEADER: Final = re.compile(rb"\s*AFANASY +(\d{1,12}) +JSON")


class Address(NamedTuple):
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


_logins: Final[dict[Address, digest.Login]] = {}  # those that were asked for a password


def address(host: str | None = None, port: int | None = None) -> Address:
    """Give where the server is: as told, else as CGRU's variables say."""
    variables = cgruconfig.VARS
    usual = variables["af_serverport"]
    if host and variables.get("af_server_is_here"):  # its port is not another host's
        usual = cgruconfig.DEFAULT_PORT
    return Address(host or variables["af_servername"], port or usual)


def sendServer(
    i_data: str | dict[str, Any],
    i_verbose: bool = False,
    i_without_answer: bool = False,
    where: Address | None = None,
) -> tuple[bool, Any]:
    """Send a request to the server, and print a sentence where it cannot be done.

    Args:
        i_data: the request, as JSON or as what it stands for.
        i_verbose: print what is sent and what comes.
        i_without_answer: do not wait for an answer.
        where: the server is; None as CGRU's variables say.

    Returns:
        (True, what the server answers), or (False, None).
    """
    try:
        root = msgspec.json.decode(i_data, type=dict) if isinstance(i_data, str) else i_data
    except UNREADABLE as error:
        tell(f"Error: a request is one JSON object: {error}")
        return False, None
    try:
        return True, exchange(root, where, verbose=i_verbose, answer=not i_without_answer)
    except (Unreachable, BadReply, NotAllowed) as error:
        tell(f"Error: {error}")
        return False, None


def exchange(
    root: dict[str, Any],
    where: Address | None = None,
    *,
    verbose: bool = False,
    answer: bool = True,
) -> Any:
    """Send a request and give what is answered.

    A server that wants to know who asks is told, if there is a password.

    Args:
        root: the request, such as {"get": {"type": "jobs"}}.
        where: the server is; None as CGRU's variables say.
        verbose: print what is sent and what comes.
        answer: wait for one; else None comes back.

    Raises:
        Unreachable: the server does not answer.
        BadReply: what answers is no Afanasy server.
        NotAllowed: it wants a name and a password, and has not got the right ones.
    """
    place = where or address()
    known = _logins.get(place)
    reply = _once(
        place, root if known is None else {**root, "auth": known.proof()}, verbose, answer
    )
    if not digest.is_challenge(reply):
        return reply
    login = _logins[place] = _login(place, reply)
    reply = _once(place, {**root, "auth": login.proof()}, verbose, answer)
    if digest.is_challenge(reply):
        del _logins[place]
        raise _refused(f"{place} does not know {login.user!r} by this password")
    return reply


def _once(place: Address, root: dict[str, Any], verbose: bool, answer: bool) -> Any:
    data = json.dumps(root).encode("ascii")
    if verbose:
        print(f"to {place}: {data.decode('ascii')}")
    try:
        with socket.create_connection(place, CONNECT_S) as connection:
            connection.settimeout(SILENCE_S)
            connection.sendall(b"AFANASY %d JSON" % len(data) + data)
            if not answer:
                return None
            text = _received(connection, place)
    except (OSError, UnicodeError, OverflowError) as error:  # a name, a port that cannot be one
        raise Unreachable(
            f"no Afanasy server answers at {place} ({error}): start one, such as by `grange up`,"
            " or name it by AF_SERVERNAME and AF_SERVERPORT"
        ) from error
    if verbose:
        print(f"from {place}: {text}")
    return _read(place, text)


def _received(connection: socket.socket, place: Address) -> str:
    """Read a reply, as long as it says it is; "" where the server closes without a word."""
    data = bytearray()
    begin = end = -1
    while end < 0 or len(data) < end:
        piece = connection.recv(PIECE_BYTES)
        data += piece
        if begin < 0:
            header = _HEADER.match(data)
            if header:
                begin = header.end()
                end = begin + int(header[1])
            elif len(data) > HEADER_MAX_BYTES or (data and not piece):
                raise BadReply(f"{place} is no Afanasy server: it says {bytes(data[:40])!r}")
            if end - begin > REPLY_MAX_BYTES:
                raise BadReply(f"{place} wants to send {end - begin} bytes")
        if not piece:
            break
    return data[max(begin, 0) : end].decode("utf-8", "replace")


def _read(place: Address, text: str) -> Any:
    if not text.strip():
        return None
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise BadReply(
            f"{place} answers with what is no JSON ({error}): {text[:200]!r}"
        ) from error


def _login(place: Address, challenge: dict[str, Any]) -> digest.Login:
    variables = cgruconfig.VARS
    if not variables["af_digest_password"]:
        raise _refused(f"{place} wants a password: set AF_DIGEST_USER and AF_DIGEST_PASSWORD")
    user = variables["af_digest_user"] or variables["USERNAME"]
    return digest.Login(user, variables["af_digest_password"], challenge)


def _refused(text: str) -> NotAllowed:
    return NotAllowed(401, ErrorBody(code="unauthenticated", message=text))
