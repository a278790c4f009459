"""What an Afanasy server answers, for people."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any, Final, NamedTuple

import msgspec
from rich.console import RenderableType
from rich.text import Text

from grange.cli import screen
from grange.cli.afanasy.words import WORDS
from grange.cli.documents import document
from grange.client.errors import BadReply

MB_PER_GB: Final = 1024
Plain = str | int | float


class Block(msgspec.Struct, frozen=True):
    """How far a block is."""

    tasks_num: int = 0
    p_tasks_done: int = 0
    p_percentage: int = 0


class Load(msgspec.Struct, frozen=True):
    """How busy a host is."""

    cpu_idle: float = 100
    mem_free_mb: float = 0


class Row(msgspec.Struct, frozen=True):
    """An object of a list, as far as it is shown; servers leave out what is as usual."""

    id: Plain = ""
    name: Plain = ""
    user_name: Plain = ""
    host_name: Plain = ""
    state: str = ""
    pool: Plain = ""
    engine: Plain = ""
    priority: Plain = ""
    jobs_num: Plain = 0
    jobs_total: Plain = 0
    running_tasks_num: Plain = 0
    renders_total: Plain = 0
    renders_online: Plain = 0
    blocks: list[Block] = []
    tasks: list[Any] = []
    host_resources: Load | None = None


class Info(msgspec.Struct, frozen=True):
    """A sentence."""

    text: str = ""


class Lines(msgspec.Struct, frozen=True):
    """A log."""

    lines: list[str] | None = msgspec.field(default=None, name="list")


class Printed(msgspec.Struct, frozen=True):
    """What a task has printed."""

    data: str


class Said(msgspec.Struct, frozen=True):
    """What a server answers, as far as there is a better way to show it than JSON."""

    jobs: list[Row] | None = None
    renders: list[Row] | None = None
    users: list[Row] | None = None
    user: Row | None = None
    pools: list[Row] | None = None
    branches: list[Row] | None = None
    monitors: list[Row] | None = None
    info: Info | None = None
    message: Lines | None = None
    task: Printed | None = None
    status: str | None = None
    success: str = ""
    error: str = ""


class Column(NamedTuple):
    """A column of a list: its title, and what stands in it."""

    title: str
    cell: Callable[[Row], Any]


def words() -> RenderableType:
    """All words of afcmd, what they take and what they are for."""
    rows = ((name, word.takes, screen.faint(word.help)) for name, word in WORDS.items())
    return screen.table("word", "takes", "", rows=rows)


def write_json(found: Any) -> None:
    """Write all of an answer as one JSON document.

    Raises:
        BadReply: it cannot be written.
    """
    sys.stdout.write(f"{_whole(found)}\n")


def _whole(found: Any) -> str:
    try:
        return document(found)
    except (UnicodeError, RecursionError) as error:
        raise BadReply(f"the server answers what cannot be written as JSON: {error}") from error


def reply(found: Any) -> Iterator[RenderableType]:
    """An answer: a list as a table, a log as its lines, a sentence as it is.

    Raises:
        BadReply: it can be shown in no way.
    """
    try:
        said = msgspec.convert(found, Said)
    except (msgspec.ValidationError, UnicodeError):
        said = Said()
    for kind, columns in _LISTS.items():
        rows = getattr(said, kind)
        if rows is not None:
            yield _list(kind, rows, columns)
            return
    if said.user is not None:
        yield _list("users", [said.user], _LISTS["users"])
    elif said.info is not None:
        yield screen.clean(said.info.text)
    elif said.message is not None:
        yield from (screen.clean(line) for line in said.message.lines or ("nothing",))
    elif said.task is not None:
        text = said.task.data.encode("utf-8", "replace").decode().rstrip("\n")
        if text:
            yield Text.from_ansi(screen.safe_log(text))
    elif said.status is not None:
        yield screen.clean(said.success or said.error or said.status)
    else:
        yield from map(screen.clean, _whole(found).split("\n"))


def _list(kind: str, found: list[Row], columns: tuple[Column, ...]) -> RenderableType:
    if not found:
        return f"no {kind}"
    if found[0].host_resources is not None:
        columns = _LOAD
    rows = ([screen.cut(str(column.cell(item))) for column in columns] for item in found)
    return screen.table(*(column.title for column in columns), rows=rows)


def _state(row: Row) -> str:
    return " ".join(row.state.split())


def _done(row: Row) -> str:
    total = sum(block.tasks_num for block in row.blocks)
    done = sum(block.p_tasks_done for block in row.blocks)
    return f"{done}/{total}"


def _percent(row: Row) -> str:
    done = sum(block.p_percentage for block in row.blocks)
    return f"{done // len(row.blocks)}%" if row.blocks else ""


def _busy(row: Row) -> str:
    load = row.host_resources or Load()
    return f"{100 - load.cpu_idle:.0f}%"


def _free(row: Row) -> str:
    load = row.host_resources or Load()
    return f"{load.mem_free_mb / MB_PER_GB:.1f}G"


_ID, _NAME = Column("id>", attrgetter("id")), Column("name", attrgetter("name"))
_PRIORITY, _STATE = Column("priority>", attrgetter("priority")), Column("state", _state)
_LISTS: Final[Mapping[str, tuple[Column, ...]]] = {
    "jobs": (
        *(_ID, _NAME, Column("user", attrgetter("user_name")), _STATE),
        *(Column("done>", _done), Column("%>", _percent), _PRIORITY),
    ),
    "renders": (
        *(_ID, _NAME, Column("user", attrgetter("user_name")), _STATE),
        *(Column("pool", attrgetter("pool")), Column("tasks>", lambda row: len(row.tasks))),
        _PRIORITY,
    ),
    "users": (
        *(_ID, _NAME, Column("jobs>", attrgetter("jobs_num"))),
        *(Column("running>", attrgetter("running_tasks_num")), _PRIORITY),
    ),
    "pools": (
        *(_ID, _NAME, Column("renders>", attrgetter("renders_total"))),
        *(Column("online>", attrgetter("renders_online")), _PRIORITY),
    ),
    "branches": (_ID, _NAME, Column("jobs>", attrgetter("jobs_total")), _PRIORITY),
    "monitors": (_ID, _NAME, Column("engine", attrgetter("engine"))),
}
_LOAD: Final = (
    *(_ID, Column("name", attrgetter("host_name"))),
    *(Column("busy>", _busy), Column("free memory>", _free)),
)
