"""What both clients share of httpx and websockets: options in, failures out."""

from __future__ import annotations

from typing import Any, Final

import httpx
from websockets.exceptions import InvalidStatus, WebSocketException

from grange.client import tls
from grange.client.errors import Unreachable, WrongCertificate, refusal
from grange.client.places import Place
from grange.client.requests.message import Reply, Request, error_body
from grange.client.tries import BUSY, Tries
from grange.wire.watch import PATH

CONNECT_S: Final = 5.0  # seconds
MESSAGE_MAX: Final = 256 * 1024 * 1024  # bytes of one message of a watch: a whole farm
AGENT: Final = "grange-client"

#: Failures after which we know that the server has not seen the request.
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
#: What a connection that a watch uses can fail with.
WATCH_LOST: Final = (OSError, WebSocketException)


def http_options(place: Place, timeout_s: float) -> dict[str, Any]:
    """Give what an httpx client of either kind is made with."""
    return {
        "base_url": place.url,
        "headers": {"User-Agent": AGENT, **_authorization(place)},
        "timeout": httpx.Timeout(timeout_s, connect=CONNECT_S),
        "verify": tls.context(place.fingerprint) if _encrypted(place) else False,
        "trust_env": _by_proxy(place),
    }


def watch_options(place: Place) -> dict[str, Any]:
    """Give what a WebSocket of either kind is opened with."""
    return {
        "uri": place.watch_url + PATH,
        "additional_headers": _authorization(place),
        "user_agent_header": AGENT,
        "ssl": tls.context(place.fingerprint) if _encrypted(place) else None,
        "open_timeout": CONNECT_S,
        "max_size": MESSAGE_MAX,
        "proxy": True if _by_proxy(place) else None,
    }


def exchange_options(request: Request[Any]) -> dict[str, Any]:
    """Give what an httpx request of either kind is made with."""
    return {
        "method": request.method,
        "url": request.path,
        "params": dict(request.params),
        "headers": dict(request.headers),
        "content": request.body,
    }


def reply(response: httpx.Response) -> Reply:
    """Give what came back as a value."""
    return Reply(
        status=response.status_code, headers=dict(response.headers), body=response.content
    )


def again(request: Request[Any], error: httpx.TransportError) -> bool:
    """Whether a request that failed may be sent again without doing its work twice."""
    if _cause(error) is not None:
        return False
    return request.repeatable or isinstance(error, _NEVER_SENT)


def unreachable(place: Place, error: Exception) -> Unreachable:
    """Say that the server cannot be reached, and why."""
    if (found := _cause(error)) is not None:
        return WrongCertificate(
            f"{place.url} shows another certificate than the one known {place.found}:"
            f" {found.args[-1]}; if the server was set up anew, renew what names it"
        )
    reason = str(error) or type(error).__name__
    return Unreachable(
        f"no answer from {place.url} ({place.found}): {reason}; is the server running?"
    )


def pause_of_watch(place: Place, error: Exception, tries: Tries) -> float:
    """Give the seconds until a watch is opened again.

    Raises:
        ApiError: the server refuses it.
        Unreachable: it was tried often enough.
    """
    if isinstance(error, InvalidStatus) and error.response.status_code not in BUSY:
        answer = error.response
        body = error_body(Reply(status=answer.status_code, body=bytes(answer.body or b"")))
        raise refusal(answer.status_code, body) from error
    pause = None if _cause(error) is not None else tries.pause()
    if pause is None:
        raise unreachable(place, error) from error
    return pause


def _authorization(place: Place) -> dict[str, str]:
    return {"Authorization": f"Bearer {place.token}"} if place.token else {}


def _encrypted(place: Place) -> bool:
    return place.url.startswith("https:")


def _by_proxy(place: Place) -> bool:
    """Whether the environment's proxies may be used: never with a token in the clear."""
    return _encrypted(place) and not place.fingerprint


def _cause(error: BaseException | None) -> tls.CertificateDiffers | None:
    while error is not None:
        if isinstance(error, tls.CertificateDiffers):
            return error
        error = error.__cause__ or error.__context__
    return None
