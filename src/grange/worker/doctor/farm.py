"""The way to the farm: whether the server answers, knows this worker, and what time it has."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from grange.model.run import Traits
from grange.model.unreadable import UNREADABLE
from grange.model.views import ErrorView
from grange.wire.codec import WireError, decode_to_worker, encode
from grange.wire.worker import MESSAGE_MAX, PATH, Hello, Refused
from grange.worker.config import WorkerConfig
from grange.worker.doctor.finding import Finding, ok, warning, wrong
from grange.worker.errors import LinkInsecure
from grange.worker.link import tls_of

ANSWER_S: Final = 10.0  # for connecting and for the answer
NO_VERSION: Final = 0  # of the protocol: a server that speaks with us refuses it, changing nothing
SKEW_MAX_S: Final = 3.0  # between two clocks: HTTP tells whole seconds, at times one late
SKEW_BAD_S: Final = 60.0  # frames look older than what they were made of


class Heard(NamedTuple):
    """What a server that lets us knock answers."""

    refused: Refused | None  #: how it turned away a hello of no version
    ahead_s: float | None  #: seconds that this machine's clock is ahead of the server's


class Unheard(Exception):
    """No server of ours answers; the text is a sentence."""


def farm(config: WorkerConfig) -> list[Finding]:
    """Knock at the server with the worker's own credential; nothing there is changed.

    Takes `ANSWER_S` at most, beside what finding the server's address takes.
    """
    try:
        heard = asyncio.run(_knock(config))
    except Unheard as error:
        return [wrong("server", str(error), _advice(str(error)))]
    return [_server(config, heard.refused), *clock(heard.ahead_s)]


def _server(config: WorkerConfig, refused: Refused | None) -> Finding:
    name, where = "server", config.server
    if refused is None:
        text = f"{where} answers, and not as a server of Grange"
        return wrong(name, text, "see whether the address is right")
    if refused.code == "version":
        how = "known by its certificate" if config.fingerprint else "trusted"
        how = how if urlsplit(where).scheme == "wss" else "on this machine"
        return ok(name, f"{where} answers, is {how}, and knows {config.worker_name}")
    if refused.code == "pending":
        return wrong(name, refused.message, "have it accepted, on the server")
    return wrong(name, refused.message, "join again: grange worker --join CODE")


def clock(ahead_s: float | None) -> list[Finding]:
    """Compare this machine's clock with the server's.

    Args:
        ahead_s: seconds by which it is ahead; None it is not known.
    """
    name = "clock"
    if ahead_s is None:
        return [warning(name, "the server does not say what time it is", "see its version")]
    if abs(ahead_s) <= SKEW_MAX_S:
        return [ok(name, "as the server's, as far as whole seconds tell")]
    where = "ahead of" if ahead_s > 0 else "behind"
    text = f"{abs(ahead_s):,.0f} s {where} the server's"
    advice = "let both keep time by NTP (chrony, systemd-timesyncd)"
    if abs(ahead_s) < SKEW_BAD_S:
        return [warning(name, text, advice)]
    return [wrong(name, f"{text}: files look older or younger than they are", advice)]


async def _knock(config: WorkerConfig) -> Heard:
    """Open a worker's link and say hello in a version that no server speaks."""
    headers = {"Authorization": f"Bearer {config.credential}"} if config.credential else {}
    try:
        async with (
            asyncio.timeout(ANSWER_S),
            connect(
                config.server.rstrip("/") + PATH,
                ssl=tls_of(config.server, config.fingerprint),
                additional_headers=headers,
                compression=None,
                proxy=None,
                max_size=MESSAGE_MAX,
                close_timeout=1.0,
            ) as link,
        ):
            now = time.clock_gettime(time.CLOCK_REALTIME)
            return Heard(await _refusal(config, link), _ahead(link, now))
    except LinkInsecure as error:
        raise Unheard(str(error)) from error
    except InvalidStatus as error:
        answer = error.response
        raise Unheard(refusal_text(answer.status_code, bytes(answer.body or b""))) from error
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or str(error)
        raise Unheard(f"{config.server}: {reason}") from error
    except TimeoutError as error:
        raise Unheard(f"{config.server} does not answer within {ANSWER_S:.0f} s") from error
    except ConnectionRefusedError as error:
        raise Unheard(
            f"{config.server}: that machine answers, and no server runs there"
        ) from error
    except socket.gaierror as error:
        raise Unheard(f"{config.server}: no machine of this name is known here") from error
    except (OSError, WebSocketException, ValueError) as error:
        raise Unheard(f"{config.server} cannot be reached: {error}") from error


async def _refusal(config: WorkerConfig, link: ClientConnection) -> Refused | None:
    hello = Hello(
        version=NO_VERSION, name=config.worker_name, boot_id="doctor", traits=Traits(os="doctor")
    )
    try:
        await link.send(encode(hello))
        answer = await link.recv()
        said = decode_to_worker(answer) if isinstance(answer, bytes) else None
    except (WireError, WebSocketException):
        return None
    return said if isinstance(said, Refused) else None


def _ahead(link: ClientConnection, now: float) -> float | None:
    """How far our clock is ahead of the one that stamped the answer."""
    date = link.response.headers.get("Date", "") if link.response else ""
    try:
        return now - parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def refusal_text(status: int, body: bytes) -> str:
    """What a server says that refuses a connection, in its words where they are ours."""
    try:
        return msgspec.json.decode(body, type=ErrorView).error.message
    except UNREADABLE:
        return f"what answers refuses the connection with status {status}"


def _advice(text: str) -> str:
    if "certificate" in text:
        return "join again by a new code, if the server was set up anew; else somebody is between"
    return "see that the server runs, and that name, port and firewall are right"
