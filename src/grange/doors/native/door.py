"""The native door, put together: its routes, its WebSockets, its description."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Litestar, Router, get
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin
from typing_extensions import override

from grange import __version__
from grange.doors.native import farm, jobs, logs, nodes, people, tasks, thumbnails, workers
from grange.doors.native.bodies import Body
from grange.doors.native.caller import Caller
from grange.doors.native.parameters import Req
from grange.doors.native.parts import Parts
from grange.doors.native.queries import refuse_unknown
from grange.doors.native.refusals import HANDLERS
from grange.doors.native.site import Site
from grange.doors.native.sockets import Sockets
from grange.server.asgi import App, Receive, Scope, Send
from grange.server.auth import LOGIN_PATH, Principal
from grange.server.request import cookie, header, sender
from grange.server.sessions import COOKIE

PATH = "/api/v1"
_TEXT = """A render farm: jobs, tasks, workers, and who may do what.

Send `Authorization: Bearer TOKEN`; a browser sends the cookie of its session instead. The header
`Grange-User: NAME`, from a wrangler or an admin, asks in that user's name. Every refusal has the
same shape: a stable `code`, a `message` for people, and the path of the `field` at fault.
"""


def native_door(parts: Parts, more: Sequence[BaseRouteHandler] = ()) -> App:
    """Make the ASGI application of the native door, the web page included.

    It stands behind a `Guard`, which checks host, origin and size of what comes in.

    Args:
        parts: what it is put together from.
        more: routes of other doors, for whoever is signed in; they get the `caller`.
    """
    api, site, sockets = _api(parts, more), Site(parts), Sockets(parts)

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await sockets(scope, receive, send)
        elif scope["path"].startswith("/api/"):
            await api(scope, receive, send)  # type: ignore[arg-type]  # the same, typed closely
        elif scope["path"].startswith(LOGIN_PATH):  # short, as people see it
            inner: Any = {**scope, "path": PATH + scope["path"]}
            await api(inner, receive, send)  # type: ignore[arg-type]
        else:
            await site(scope, receive, send)

    return door


def _api(parts: Parts, more: Sequence[BaseRouteHandler]) -> Litestar:
    def provide_parts() -> Parts:
        return parts

    def provide_caller(request: Req) -> Caller:
        principal: Principal = request.scope["user"]
        return Caller(parts, principal)

    def signed_in(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        refuse_unknown(connection)
        scope: Any = connection.scope
        scope["user"] = parts.gate.authenticate(
            address=sender(scope),
            authorization=header(scope, b"authorization"),
            cookie=cookie(scope, COOKIE),
            acts_for=header(scope, b"grange-user"),
            origin=header(scope, b"origin"),
            method=scope["method"],
        )

    closed = Router(
        PATH,
        route_handlers=[
            *farm.ROUTES,
            *jobs.ROUTES,
            *tasks.ROUTES,
            *workers.ROUTES,
            *nodes.ROUTES,
            *people.ROUTES,
            *logs.ROUTES,
            *thumbnails.ROUTES,
            *more,
        ],
        dependencies={"caller": Provide(provide_caller, sync_to_thread=False)},
        guards=[signed_in],
        dto=Body,
        return_dto=None,
        security=[{"token": []}, {"session": []}],
    )
    opened = Router(PATH, route_handlers=[*people.OPEN_ROUTES, openapi], dto=Body, return_dto=None)
    return _Api(
        route_handlers=[closed, opened],
        dependencies={"parts": Provide(provide_parts, sync_to_thread=False)},
        exception_handlers=HANDLERS,
        openapi_config=_description(),
        logging_config=None,
        request_max_body_size=None,  # the guard limits it
    )


@get("/openapi.json", include_in_schema=False, media_type="application/vnd.oai.openapi+json")
async def openapi(request: Req) -> dict[str, Any]:
    """The description of this door."""
    return request.app.openapi_schema.to_schema()


class _Api(Litestar):
    """Litestar without its support of Pydantic, which is memory that nothing here uses."""

    @staticmethod
    @override
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]


class _Nowhere(Router):
    """Takes the routes of Litestar's own documentation pages, and serves none of them."""

    @override
    def register(self, value: Any) -> list[Any]:
        return []


def _description() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Grange",
        version=__version__,
        description=_TEXT,
        components=Components(
            security_schemes={
                "token": SecurityScheme(type="http", scheme="bearer"),
                "session": SecurityScheme(type="apiKey", security_scheme_in="cookie", name=COOKIE),
            }
        ),
        use_handler_docstrings=True,
        openapi_router=_Nowhere("/openapi", route_handlers=[]),
    )
