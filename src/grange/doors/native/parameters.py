"""What handlers take out of a request, under the names that they use for it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, PathParameter, QueryParameter

from grange.doors.native.caller import Caller
from grange.doors.native.parts import Parts
from grange.model.spec import NAME_MAX

NUMBER_MAX: Final = 2**53 - 1  # what JavaScript counts exactly, and every database holds
KEY_MAX: Final = 255  # characters of an Idempotency-Key
PAGE_MAX: Final = 10_000  # items of one answer

Req = Request[Any, Any, Any]
Sender = NamedDependency[Caller]
Door = NamedDependency[Parts]

Id = Annotated[int, PathParameter(ge=0, le=NUMBER_MAX)]
UserName = Annotated[str, PathParameter(max_length=NAME_MAX)]
CredentialName = Annotated[str, PathParameter(max_length=NAME_MAX)]
Secret = Annotated[str, PathParameter(max_length=NAME_MAX)]

Limit = Annotated[int, QueryParameter(ge=1, le=PAGE_MAX, description="how many at most")]
Offset = Annotated[int, QueryParameter(ge=0, le=NUMBER_MAX, description="how many to leave out")]
StateName = Annotated[str, QueryParameter(name="state", description="only in this state")]
NodePath = Annotated[
    str, QueryParameter(name="path", min_length=1, max_length=4_096, description="such as /show")
]
RunNumber = Annotated[
    int | None, QueryParameter(name="run", ge=1, le=NUMBER_MAX, description="the last one without")
]
IdempotencyKey = Annotated[
    str,
    HeaderParameter(
        name="Idempotency-Key",
        max_length=KEY_MAX,
        description="the sender's own word for this submission: sent again, it gives the same"
        " job again",
    ),
]


def older_than(what: str) -> Any:
    """A parameter that asks for the page after some item."""
    return QueryParameter(ge=0, le=NUMBER_MAX, description=f"only those older than {what}")


OlderJob = Annotated[int, older_than("this job")]
OlderLine = Annotated[int | None, older_than("the line of this number")]
