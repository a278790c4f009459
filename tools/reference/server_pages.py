"""Pages from the server: its settings and its API."""

from __future__ import annotations

import importlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import inspect

from grange.client import path_map, places
from grange.model import machine
from grange.model.states import TaskState
from grange.plugins import path_rules
from grange.server import config
from grange.wire import watch
from tools.reference import markdown as md
from tools.reference import openapi
from tools.reference.fields import fields_of, fields_table, meaning, usual_meaning
from tools.reference.source import summary

#: Where the structures of requests and answers are.
_HOMES: Final = (
    "grange.doors.native.answers",
    "grange.doors.native.asks",
    "grange.doors.pyfarm.answers",
    "grange.doors.pyfarm.changes",
    "grange.doors.pyfarm.imports",
    "grange.model.views",
    "grange.model.run",
    "grange.model.spec",
    "grange.model.nodes",
    "grange.model.states",
    "grange.server.doctor",
)
#: Structures that have a page of their own.
_ELSEWHERE: Final = {
    "JobSpec": "job.md#job",
    "BlockSpec": "job.md#block",
    "TaskSpec": "job.md#task",
    "UserSpec": "nodes.md#user",
    "BranchSpec": "nodes.md#branch",
    "PoolSpec": "nodes.md#pool",
    "WorkerSpec": "nodes.md#worker",
    "TicketLimit": "nodes.md#ticket-limit",
    "JobState": "states.md#jobs-and-blocks",
    "TaskState": "states.md#tasks",
    "WorkerState": "states.md#workers",
    "Presence": "states.md#workers",
    "Nimby": "states.md#workers",
    "Role": "states.md#roles",
    "RunStatus": "states.md#how-a-run-ended",
    "TaskOp": "states.md#what-people-can-do-to-tasks",
    "TaskFilter": "states.md#what-people-can-do-to-tasks",
}
_GROUPS: Final = (
    ("The farm", ("farm", "whoami", "audit", "doctor")),
    ("Jobs, blocks, tasks and runs", ("jobs", "runs")),
    ("PyFarm's dictionary", ("pyfarm",)),
    ("Workers and what is done to them", ("workers",)),
    ("People and places", ("users", "branches", "pools")),
    (
        "Credentials and signing in",
        ("credentials", "join-codes", "join", "login-links", "login", "logout"),
    ),
)


def settings_page() -> str:
    """Write docs/reference/settings.md."""
    rows = [
        (
            md.code(field.name),
            "" if _is_section(field) else md.code(config.PREFIX + field.name.upper()),
            "a section" if _is_section(field) else md.kind_text(field.type),
            "see below" if field.required else md.default(field),
            md.bounds(field.type),
            md.sentence(meaning(config.Settings, field.name)),
        )
        for field in fields_of(config.Settings)
    ]
    return md.page(
        "Settings",
        ["server/config.py", "plugins/path_rules.py", "client/places.py"],
        "## The server",
        f"Settings are read from `{config.FILE_NAME}` in the state folder, then from the"
        " environment, then from the command line; the last that says something wins. In the"
        " environment, lists are separated by commas. A name that is not known stops the server"
        " with the name of the nearest one.",
        "There is nothing that has to be set.",
        md.table(["setting", "environment", "type", "default", "bounds", "meaning"], rows),
        f"The state folder is named by `--state-dir`, by `GRANGE_STATE_DIR` or by"
        f" `{config.HOME}`; else it is the system's folder for a program's data, such as"
        " `~/.local/share/grange` on Linux. It cannot be set in its own file.",
        '```toml\n# settings.toml\nlisten = "0.0.0.0"\naddress = "farm.studio"\n'
        'lease_s = 120\nplugin_folders = ["/studio/grange"]\n```',
        "### The path map",
        "What clients call the paths of the farm: see [map paths](../how-to/map-paths.md). The"
        f" section `[{path_rules.SECTION}]` of `{path_map.FILE_NAME}` is read by every machine on"
        " which people submit or a worker runs, whether it has a server or not. A rule is"
        " `[client, server]`, two absolute paths, with either slash.",
        fields_table(path_rules.PathMapSettings),
        "### The machine",
        f"What is set on one machine for its worker. The section `[{machine.SECTION}]` of"
        f" `{path_map.FILE_NAME}` is read by every machine on which a worker runs, whether it has"
        " a server or not.",
        fields_table(machine.MachineSettings),
        "## The client",
        "A script, the command line and the browser's login find the server in this order: what"
        f" they are told; `{places.SERVER}`, `{places.TOKEN}` and `{places.FINGERPRINT}` in the"
        " environment; a server that runs on this machine under the same user; the file"
        " `client.toml` in the user's configuration folder, such as `~/.config/grange` on Linux.",
        fields_table(places.Configuration),
        "A token is sent only to the server that it was found beside, and never without TLS but"
        " to this machine.",
    )


def _is_section(field: inspect.Field) -> bool:
    return isinstance(field.type, inspect.StructType)


def api_page() -> str:
    """Write docs/reference/api.md."""
    found = openapi.document()
    return md.page(
        "Native API",
        ["the OpenAPI document of doors/native"],
        "The API that the command line, the Python client and the web page use; for a first"
        " look read [doors/native.md](../doors/native.md). A running server gives this"
        " description at `/api/v1/openapi.json`.",
        "A request carries `Authorization: Bearer TOKEN`, or a browser's session. Every refusal"
        " has the shape and one of the codes of [errors.md](errors.md). A wrangler or admin may"
        " act in another user's name with the header `Grange-User`.",
        *_routes(found),
        "## Watching",
        f"`GET {watch.PATH}` is a WebSocket with JSON text frames. The client sends one `Watch`;"
        " the server answers with a `Snapshot`, or, if it still knows all that happened since"
        " `after`, with a `Patch`; then with a `Patch` whenever something changed. Patches hold"
        " whole objects, so applying one twice does no harm. Messages of the server say their"
        " kind in `type`.",
        *_messages((watch.Watch, watch.Snapshot, watch.Patch, watch.LogText, watch.WatchError)),
        "## Requests and answers",
        "Times are epoch seconds, 0 when it has not happened. A task's state is a number: "
        + ", ".join(f"{item.value} {item.name.lower()}" for item in TaskState)
        + ".",
        *_schemas(found["components"]["schemas"]),
    )


def _routes(found: openapi.Document) -> Iterator[str]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for path, item in found["paths"].items():
        first = path.removeprefix("/api/v1/").split("/")[0]
        for method, operation in item.items():
            if method in ("get", "post", "patch", "delete", "put"):
                groups[first].append(_route(method, path, operation))
    for title, words in _GROUPS:
        yield f"## {title}"
        for word in words:
            yield from groups.pop(word)
    if groups:
        raise ValueError(f"give a group of the page to: {', '.join(groups)}")


def _route(method: str, path: str, operation: Mapping[str, Any]) -> str:
    parts = [f"### {method.upper()} {path}", f"**{operation['summary']}.**"]
    parts.append(operation.get("description", ""))
    parameters = [item for item in operation.get("parameters", ()) if item["in"] != "path"]
    if parameters:
        parts.append(
            md.table(
                ["parameter", "in", "type", "default", "meaning"],
                [_parameter(item) for item in parameters],
            )
        )
    body = operation.get("requestBody", {}).get("content", {})
    parts += [f"Body: {_schema_name(content['schema'])}." for content in body.values()]
    parts.append(_answers(operation["responses"]))
    return "\n\n".join(part for part in parts if part)


def _parameter(item: Mapping[str, Any]) -> tuple[str, ...]:
    schema = item["schema"]
    kinds = {part.get("type") for part in schema.get("oneOf", [schema])} - {"null", None}
    default = schema.get("default")
    return (
        md.code(item["name"]),
        item["in"],
        " or ".join(sorted(kinds)),
        md.value(default) if default is not None else "",
        md.sentence(item.get("description", "")),
    )


def _answers(responses: Mapping[str, Any]) -> str:
    good = [status for status in responses if status < "300"]
    bad = ", ".join(status for status in responses if status >= "400")
    said = []
    for status in good:
        content = responses[status].get("content", {})
        names = [_content(kind, item.get("schema", {})) for kind, item in content.items()]
        said.append(f"{status}: {' or '.join(names)}" if names else f"{status}: nothing more")
    return f"Answers {'; '.join(said)}. Refusals: {bad}."


def _content(kind: str, schema: Mapping[str, Any]) -> str:
    return _schema_name(schema) if kind == "application/json" else md.code(kind)


def _schema_name(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return f"[{name}]({_ELSEWHERE.get(name, '#' + name.lower())})"
    if "title" in schema:
        return str(schema["title"])
    if schema.get("type") == "array":
        return f"list of {_schema_name(schema['items'])}"
    if schema.get("type") == "object":
        return "field and new value of each field to change"
    return str(schema.get("type", "any"))


def _schemas(names: Iterable[str]) -> Iterator[str]:
    for name in sorted(names):
        kind = _find(name)
        if kind is None:
            raise ValueError(f"no module of {_HOMES} has {name}")
        if name not in _ELSEWHERE and issubclass(kind, msgspec.Struct):
            yield f"### {name}"
            yield summary(kind)
            yield _shape(kind)


def _messages(kinds: Iterable[type[msgspec.Struct]]) -> Iterator[str]:
    for kind in kinds:
        yield f"### {kind.__name__}"
        yield summary(kind)
        yield _shape(kind)


def _find(name: str) -> type | None:
    """The structure or enumeration of a name."""
    for home in _HOMES:
        found = getattr(importlib.import_module(home), name, None)
        if isinstance(found, type):
            return found
    return None


def _shape(kind: type[msgspec.Struct]) -> str:
    rows = [
        (
            md.code(field.encode_name),
            linked(md.kind_text(field.type)),
            "" if field.required else md.default(field),
            md.sentence(usual_meaning(kind, field.name)),
        )
        for field in fields_of(kind)
    ]
    return md.table(["field", "type", "default", "meaning"], rows)


def linked(text: str) -> str:
    """A type's text, with links to the structures that have a page of their own."""

    def link(match: re.Match[str]) -> str:
        found = _find(match[0])
        place = _ELSEWHERE.get(match[0], f"#{match[0].lower()}" if found else "")
        return f"[{match[0]}]({place})" if place else match[0]

    return re.sub(r"\b[A-Z]\w+\b", link, text)
