"""Why a request is refused before, or beside, what the core says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from grange.core.errors import Rejected
from grange.model.views import ErrorBody, ErrorView

#: HTTP status of what the core refuses; what is not named is 400, `no-such-...` is 404.
_STATUS: Final = {
    "dependency-cycle": 409,
    "token-reused": 409,
    "name-taken": 409,
    "in-use": 409,
}


class Refusal(Exception):
    """A request that is not carried out.

    Attributes:
        status: of HTTP.
        code: stable, kebab-case.
        field: path of the field at fault, "" none.
        hint: what to do, "" when the message says it.
        retry_s: seconds after which to try again; 0 says nothing.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad-request"

    def __init__(
        self, message: str, *, field: str = "", hint: str = "", retry_s: float = 0.0
    ) -> None:
        super().__init__(message)
        self.field = field
        self.hint = hint
        self.retry_s = retry_s


class BadRequest(Refusal):
    """A request that cannot be understood: raised while it is decoded."""


class BadJson(BadRequest):
    """The body is not JSON."""

    code = "bad-json"


class BadField(BadRequest):
    """A field is of a wrong type, out of its bounds, or missing."""

    code = "invalid-field"


class UnknownField(BadRequest):
    """There is no field of that name."""

    code = "unknown-field"


class Unauthenticated(Refusal):
    """Nobody, or nobody known, sent the request."""

    status = 401
    code = "unauthenticated"


class Forbidden(Refusal):
    """The sender is known and may not do this."""

    status = 403
    code = "forbidden"


class BadOrigin(Refusal):
    """A page of a foreign site sent the request."""

    status = 403
    code = "bad-origin"


class BadHost(Refusal):
    """The request was meant for a host that is not this server."""

    status = 421
    code = "bad-host"


class BodyTooLarge(Refusal):
    """The body is longer than the server takes."""

    status = 413
    code = "body-too-large"


class BodyTooSlow(Refusal):
    """The body stopped coming."""

    status = 408
    code = "body-too-slow"


class TooManyAttempts(Refusal):
    """An address tried too many wrong secrets."""

    status = 429
    code = "too-many-attempts"


class ServerBusy(Refusal):
    """The engine's inbox is full: nothing was done, the same may be sent again."""

    status = 503
    code = "server-busy"


class Stopping(Refusal):
    """The server stops; whether the command was done is not known."""

    status = 503
    code = "server-stopping"


class NoSuchPath(Refusal):
    """There is nothing at that address."""

    status = 404
    code = "no-such-path"


class MethodNotAllowed(Refusal):
    """There is something at that address, but not for this method."""

    status = 405
    code = "method-not-allowed"


class NoSuchRun(Refusal):
    """The run never was."""

    status = 404
    code = "no-such-run"


class NoSuchThumbnail(Refusal):
    """There is no thumbnail: none was made, or not yet, or not of this number."""

    status = 404
    code = "no-such-thumbnail"


class NoSuchCredential(Refusal):
    """There is no credential of that id."""

    status = 404
    code = "no-such-credential"


class Conflict(Refusal):
    """It cannot be done to a thing in its present state."""

    status = 409
    code = "conflict"


def answer(error: Refusal | Rejected) -> tuple[int, ErrorView, Mapping[str, str]]:
    """Status, body and headers of the answer to a request that is refused."""
    headers: dict[str, str] = {}
    hint = ""
    if isinstance(error, Refusal):
        status, hint = error.status, error.hint
        if error.retry_s:
            headers["Retry-After"] = str(max(1, round(error.retry_s)))
        if status == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="grange"'
    else:
        status = 404 if error.code.startswith("no-such-") else _STATUS.get(error.code, 400)
    body = ErrorBody(code=error.code, message=str(error), field=error.field, hint=hint)
    return status, ErrorView(error=body), headers
