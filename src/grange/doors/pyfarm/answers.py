"""How the routes refuse, and how the API's description tells of what they take and give."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema

from grange.doors.pyfarm.dictionary import BadDictionary
from grange.server import refusal_specs as specs
from grange.server.refusal import Refusal

JSON: Final = "application/json"
XML: Final = "application/xml"
_SAID: Final = specs.SAID | {
    400: "The request or the dictionary cannot be understood; the message says where and why.",
    404: "There is no such job, subjob or frame.",
}
READING: Final = specs.described(*specs.READING, said=_SAID)
CHANGING: Final = specs.described(*specs.CHANGING, said=_SAID)


class Unreadable(Refusal):
    """The dictionary cannot be read, or is of another shape."""

    code = "bad-dictionary"


class ValueSet(msgspec.Struct, frozen=True, kw_only=True):
    """What was done for a value that was set."""

    changed: int  #: jobs, subjobs or frames; 0 when all was so already


@contextmanager
def readable() -> Iterator[None]:
    """Refuse a request for a dictionary that cannot be read."""
    try:
        yield
    except BadDictionary as error:
        raise Unreadable(str(error)) from error


def _either() -> dict[str, OpenAPIMediaType]:
    """The dictionary, as JSON or as XML."""
    return {
        JSON: OpenAPIMediaType(schema=Schema(type=OpenAPIType.OBJECT, title="the dictionary")),
        XML: OpenAPIMediaType(
            schema=Schema(type=OpenAPIType.STRING, title="the dictionary as XML")
        ),
    }


@dataclass
class Gives(Operation):
    """An operation that answers with the dictionary."""

    def __post_init__(self) -> None:
        found: Any = (self.responses or {})["200"]
        found.content = _either()


@dataclass
class Takes(Operation):
    """An operation whose body is the dictionary."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(content=_either(), required=True)
