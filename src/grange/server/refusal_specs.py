"""How an API's description tells of refusals: the same for every door that speaks HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from litestar import MediaType
from litestar.openapi.datastructures import ResponseSpec

from grange.model.views import ErrorView

#: What each status means.
SAID: Final = {
    400: "The request cannot be understood, or a value in it cannot be; `field` says which.",
    401: "Nobody, or nobody known, sent the request.",
    403: "The sender may not do this.",
    404: "There is no such thing.",
    408: "The body stopped coming.",
    409: "It cannot be done in the present state.",
    413: "The body is too large.",
    421: "The request is meant for a host that is not this server.",
    429: "Too many wrong secrets came from this address.",
    503: "The server has too much to do; nothing was done. Try again after `Retry-After`.",
}
#: What the guard may answer, and who cannot read a request.
ALWAYS: Final = (400, 413, 421)


def described(*statuses: int, said: Mapping[int, str] = SAID) -> Mapping[int, ResponseSpec]:
    """What is told of these statuses, and of those that any route may answer."""
    return {
        status: ResponseSpec(
            ErrorView,
            description=said[status],
            media_type=MediaType.JSON,
            generate_examples=False,
        )
        for status in (*ALWAYS, *statuses)
    }


#: What a reading route may answer, and a changing one.
READING: Final = (401, 403, 404, 429)
CHANGING: Final = (401, 403, 404, 408, 409, 429, 503)
