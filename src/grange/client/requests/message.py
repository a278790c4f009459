"""A request that knows how to read its reply."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote

import msgspec

from grange.client.errors import BadReply, refusal
from grange.model.unreadable import UNREADABLE
from grange.model.views import ErrorBody, ErrorView

API: Final = "/api/v1"
SHOWN_MAX: Final = 200  # characters of a foreign answer that an error shows

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What came back."""

    status: int
    headers: Mapping[str, str] = {}  #: names in lower case
    body: bytes = b""


class Request(msgspec.Struct, Generic[T_co], frozen=True, kw_only=True):
    """One request over HTTP, and what its reply is read as."""

    method: str
    path: str
    read: Callable[[Reply], T_co]  #: takes a reply that is no error
    params: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    body: bytes = b""
    #: whether sending it twice does no more than sending it once
    repeatable: bool = False
    accepts: tuple[int, ...] = ()  #: statuses that are no error, besides 2xx

    def result(self, reply: Reply) -> T_co:
        """Read the reply.

        Raises:
            ApiError: the server refuses the request.
            BadReply: it cannot be understood.
        """
        if reply.status >= 300 and reply.status not in self.accepts:
            raise refusal(reply.status, error_body(reply))
        try:
            return self.read(reply)
        except (*UNREADABLE, KeyError, ValueError) as error:
            raise BadReply(
                f"the answer to {self.method} {self.path} cannot be understood ({error});"
                " is the server of another version of Grange?"
            ) from error


def get(path: str, read: Callable[[Reply], T], /, **params: Any) -> Request[T]:
    """Ask for something; a parameter that is None or "" is left out."""
    return Request(
        method="GET", path=API + path, read=read, params=_written(params), repeatable=True
    )


def post(
    path: str,
    read: Callable[[Reply], T],
    body: Any = None,
    *,
    headers: Mapping[str, str] | None = None,
    repeatable: bool = False,
) -> Request[T]:
    """Have something done."""
    return Request(
        method="POST",
        path=API + path,
        read=read,
        headers=_json(headers),
        body=msgspec.json.encode({} if body is None else body),
        repeatable=repeatable,
    )


def patch(path: str, read: Callable[[Reply], T], fields: Any, /, **params: Any) -> Request[T]:
    """Have fields changed."""
    return Request(
        method="PATCH",
        path=API + path,
        read=read,
        params=_written(params),
        headers=_json(None),
        body=msgspec.json.encode(fields),
        repeatable=True,
    )


def delete(path: str, /, **params: Any) -> Request[None]:
    """Have something deleted; not repeatable, as the second time would not find it."""
    return Request(method="DELETE", path=API + path, read=nothing, params=_written(params))


def segment(text: str) -> str:
    """Write a name as one segment of a path."""
    return quote(text, safe="")


def reads(kind: type[T]) -> Callable[[Reply], T]:
    """Give what reads a whole body as one value."""
    return lambda reply: msgspec.json.decode(reply.body, type=kind)


def reads_member(name: str, kind: Any) -> Callable[[Reply], Any]:
    """Give what reads one member of the body's object."""

    def read(reply: Reply) -> Any:
        members = msgspec.json.decode(reply.body, type=dict[str, msgspec.Raw])
        return msgspec.json.decode(members[name], type=kind)

    return read


def nothing(_reply: Reply) -> None:
    """Read a reply that says nothing more than that it was done."""


def error_body(reply: Reply) -> ErrorBody:
    """Read what is wrong, also out of an answer that something else than Grange gave."""
    try:
        return msgspec.json.decode(reply.body, type=ErrorView).error
    except UNREADABLE:
        text = reply.body.decode(errors="replace")
        clean = "".join(itertools.islice((c for c in text if c.isprintable()), SHOWN_MAX))
        return ErrorBody(
            code="foreign-answer",
            message=f"status {reply.status}, and not in the words of Grange: {clean or 'nothing'}",
            hint="does the address belong to a Grange server?",
        )


def _written(params: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in params.items()
        if value is not None and value != ""
    }


def _json(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {"Content-Type": "application/json", **(headers or {})}
