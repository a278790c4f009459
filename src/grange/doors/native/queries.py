"""Names in a request's query: one that nobody reads is a slip, and changes what is meant."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.params import QueryParameter

from grange.server.refusal import UnknownField
from grange.server.spelling import nearest


def refuse_unknown(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Refuse a query with a name that its route does not know.

    Raises:
        UnknownField: names the nearest known one.
    """
    if not connection.scope["query_string"]:
        return
    known = _known(connection.route_handler)
    for name in connection.query_params:
        if name not in known:
            near = nearest(name, known) or f"; known are {', '.join(sorted(known)) or 'none'}"
            raise UnknownField(f"there is no parameter {name[:100]!r}{near}", field=name[:100])


@lru_cache(maxsize=256)  # of our own routes
def _known(handler: BaseRouteHandler) -> frozenset[str]:
    return frozenset(
        field.kwarg_definition.name or name
        for name, field in handler.parsed_fn_signature.parameters.items()
        if isinstance(field.kwarg_definition, QueryParameter)
    )
