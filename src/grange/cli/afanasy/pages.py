"""What an Afanasy server answers, for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from rich.console import RenderableType
from rich.text import Text

from grange.cli import screen
from grange.cli.afanasy.words import WORDS
from grange.cli.documents import document

MB_PER_GB: Final = 1024


class Column(NamedTuple):
    """A column of a list: its title, and what stands in it."""

    title: str
    cell: Callable[[Mapping[str, Any]], Any]


def words() -> RenderableType:
    """All words of afcmd, what they take and what they are for."""
    rows = ((name, word.takes, screen.faint(word.help)) for name, word in WORDS.items())
    return screen.table("word", "takes", "", rows=rows)


def reply(said: Any) -> Iterator[RenderableType]:
    """An answer: a list as a table, a log as its lines, a sentence as it is."""
    if not isinstance(said, Mapping):
        yield document(said)
        return
    for kind, columns in _LISTS.items():
        if isinstance(said.get(kind), list):
            yield from _list(kind, said[kind], columns)
            return
    if "info" in said:
        yield screen.clean(str(said["info"].get("text", "")))
    elif "message" in said:
        yield from (screen.clean(line) for line in said["message"].get("list") or ("nothing",))
    elif isinstance(said.get("task"), Mapping) and isinstance(said["task"].get("data"), str):
        yield Text.from_ansi(screen.safe_log(said["task"]["data"]).rstrip("\n"))
    elif "status" in said:
        yield screen.clean(str(said.get("success") or said.get("error") or said["status"]))
    else:
        yield document(said)


def _list(kind: str, found: list[Any], columns: tuple[Column, ...]) -> Iterator[RenderableType]:
    if not found:
        yield f"no {kind}"
        return
    if "host_resources" in found[0]:
        columns = _LOAD
    rows = ([_cell(column, item) for column in columns] for item in found)
    yield screen.table(*(column.title for column in columns), rows=rows)


def _cell(column: Column, item: Mapping[str, Any]) -> str | Text:
    value = column.cell(item)
    return screen.cut("" if value is None else str(value))


def _of(name: str, usual: Any = "") -> Callable[[Mapping[str, Any]], Any]:
    """What an object says of something; what is left out is as usual."""
    return lambda item: item.get(name, usual)


def _state(item: Mapping[str, Any]) -> str:
    return " ".join(str(item.get("state", "")).split())


def _done(item: Mapping[str, Any]) -> str:
    blocks = item.get("blocks") or ()
    total = sum(block.get("tasks_num", 0) for block in blocks)
    done = sum(block.get("p_tasks_done", 0) for block in blocks)
    return f"{done}/{total}"


def _percent(item: Mapping[str, Any]) -> str:
    blocks = item.get("blocks") or ()
    done = sum(block.get("p_percentage", 0) for block in blocks)
    return f"{done // len(blocks)}%" if blocks else ""


def _busy(item: Mapping[str, Any]) -> str:
    return f"{100 - int(item['host_resources'].get('cpu_idle', 100))}%"


def _free(item: Mapping[str, Any]) -> str:
    return f"{int(item['host_resources'].get('mem_free_mb', 0)) / MB_PER_GB:.1f}G"


_ID, _NAME = Column("id>", _of("id")), Column("name", _of("name"))
_PRIORITY, _STATE = Column("priority>", _of("priority")), Column("state", _state)
_LISTS: Final[Mapping[str, tuple[Column, ...]]] = {
    "jobs": (
        *(_ID, _NAME, Column("user", _of("user_name")), _STATE),
        *(Column("done>", _done), Column("%>", _percent), _PRIORITY),
    ),
    "renders": (
        *(_ID, _NAME, Column("user", _of("user_name")), _STATE, Column("pool", _of("pool"))),
        *(Column("tasks>", lambda item: len(item.get("tasks", ()))), _PRIORITY),
    ),
    "users": (
        *(_ID, _NAME, Column("jobs>", _of("jobs_num", 0))),
        *(Column("running>", _of("running_tasks_num", 0)), _PRIORITY),
    ),
    "pools": (
        *(_ID, _NAME, Column("renders>", _of("renders_total", 0))),
        *(Column("online>", _of("renders_online", 0)), _PRIORITY),
    ),
    "branches": (_ID, _NAME, Column("jobs>", _of("jobs_total", 0)), _PRIORITY),
    "monitors": (_ID, _NAME, Column("engine", _of("engine"))),
}
_LOAD: Final = (
    *(_ID, Column("name", _of("host_name"))),
    *(Column("busy>", _busy), Column("free memory>", _free)),
)
