"""Every refusal in one shape, and how the OpenAPI document tells of it."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.handlers import BaseRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import ParameterKwarg
from litestar.types import ExceptionHandlersMap

from grange.core.errors import Rejected
from grange.model.views import ErrorBody, ErrorView
from grange.server import refusal_specs as specs
from grange.server.refusal import Refusal, answer

log = logging.getLogger(__name__)

_CODES: Final = {404: "no-such-path", 405: "method-not-allowed", 413: "body-too-large"}
_MISSING: Final = re.compile(r"Missing required \w+ parameter '([^']*)'")
#: What a reading route may answer, a changing one, and one that needs no signing in.
READING: Final = specs.described(*specs.READING)
CHANGING: Final = specs.described(*specs.CHANGING)
OPEN: Final = specs.described(401, 403, 408, 429)
#: As `OPEN`; but for a person whose link is over there is a page.
SIGNING_IN: Final = {
    **OPEN,
    401: ResponseSpec(
        str, description=specs.SAID[401], media_type=MediaType.HTML, generate_examples=False
    ),
}


def _refused(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    assert isinstance(error, Refusal | Rejected)
    return _response(*answer(error))


def _by_framework(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """What Litestar itself refuses: unknown paths and methods, parameters that do not fit."""
    assert isinstance(error, HTTPException)
    status = error.status_code
    if isinstance(error, ValidationException):
        return _response(status, ErrorView(error=_parameter_fault(request.route_handler, error)))
    code = _CODES.get(status, "bad-request" if status < 500 else "internal-error")
    message = HTTPStatus(status).phrase.lower()
    view = ErrorView(error=ErrorBody(code=code, message=message))
    return _response(status, view, error.headers)


def _parameter_fault(handler: BaseRouteHandler, error: ValidationException) -> ErrorBody:
    missing = _MISSING.match(error.detail)
    if missing:
        text = "this parameter is needed"
        return ErrorBody(code="invalid-field", message=text, field=missing[1])
    extra = error.extra[0] if isinstance(error.extra, list) and error.extra else {}
    found = extra if isinstance(extra, dict) else {}
    key = str(found.get("key", ""))
    if key == "data":
        return ErrorBody(code="bad-json", message="the body is empty; JSON is wanted")
    text = str(found.get("message", error.detail))
    return ErrorBody(
        code="invalid-field", message=text[:1].lower() + text[1:], field=_outer(handler, key)
    )


def _outer(handler: BaseRouteHandler, name: str) -> str:
    """What senders call a parameter that a handler calls so."""
    field = handler.parsed_fn_signature.parameters.get(name)
    kwarg = field.kwarg_definition if field is not None else None
    return kwarg.name or name if isinstance(kwarg, ParameterKwarg) else name


def _broken(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("%s %s", request.method, request.url.path, exc_info=error)
    body = ErrorBody(
        code="internal-error",
        message="the server has a fault here; its log says more",
    )
    return _response(500, ErrorView(error=body))


def _response(
    status: int, view: ErrorView, headers: Mapping[str, str] | None = None
) -> Response[bytes]:
    return Response(
        msgspec.json.encode(view),
        status_code=status,
        media_type=MediaType.JSON,
        headers=dict(headers or {}),
    )


HANDLERS: Final[ExceptionHandlersMap] = {
    Refusal: _refused,
    Rejected: _refused,
    HTTPException: _by_framework,
    Exception: _broken,
}
