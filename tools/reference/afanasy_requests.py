"""Which requests of Afanasy's protocol are answered, and which test proves it.

The requests are those that the door's own tables know. The proofs are said at the tests
(`tests.doors.afanasy.proves`), and each test fails unless it sends what it says.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from grange.doors.afanasy.actions import farm, jobs, monitors, nodes, renders
from grange.doors.afanasy.answering import ROOTS
from grange.doors.afanasy.binary.messages import FIELDS
from grange.doors.afanasy.binary.types import Kind
from grange.doors.afanasy.gets import get
from grange.doors.afanasy.gets.jobs import OF_TASK
from grange.doors.afanasy.monitors import CLASSES
from tools.reference import markdown as md
from tools.reference.source import ROOT

PAGE: Final = ROOT / "docs" / "doors" / "afanasy.md"
TESTS: Final = ROOT / "tests" / "doors" / "afanasy"
BEGIN: Final = "<!-- requests: written by `make docs` from the tests -->"
END: Final = "<!-- end of requests -->"

_PLAIN: Final = (  # messages that hold a number, or JSON
    *(Kind.VERSION_MISMATCH, Kind.MONITOR_ID, Kind.MONITOR_UPDATE_ID),
    *(Kind.RENDER_ID, Kind.RENDER_DEREGISTER, Kind.JSON_BINARY),
)
_MODES: Final = {
    "jobs": ("full", "progress", "error_hosts", "log", "thumbnail", "blocks"),
    "renders": ("full", "resources", "log", "tasks_log"),
    "users": ("jobs_order", "log"),
    "branches": ("log",),
    "pools": ("log",),
    "monitors": ("events", "log"),
}
_FILTERS: Final = {
    "jobs": ("ids", "mask", "uids", "users", "serials"),
    "renders": ("ids", "mask"),
    "users": ("ids", "mask"),
    "branches": ("ids",),
    "pools": ("ids", "mask"),
    "monitors": ("ids",),
}


def groups() -> dict[str, list[str]]:
    """All requests, by the heading that they stand below."""
    gets = [f"get {kind}" for kind in get.OF]
    for kind, modes in _MODES.items():
        gets += [f"get {kind} {mode}" for mode in modes]
        gets += [f"get {kind} by {chosen}" for chosen in _FILTERS[kind]]
        gets.append(f"get {kind} binary")
    gets += [f"get jobs task {mode}" for mode in OF_TASK]
    return {
        "What is shown": sorted(gets),
        "Actions on jobs, their blocks and tasks": [
            *_actions("jobs", jobs.OF_JOB),
            *_actions("jobs blocks", jobs.OF_BLOCK),
        ],
        "Actions on renders": _actions("renders", _with_modes(renders.OPERATIONS)),
        "Actions on pools": _actions("pools", _with_modes(nodes.POOLS.operations)),
        "Actions on users": _actions("users", nodes.USERS.operations),
        "Actions on branches": _actions("branches", nodes.BRANCHES.operations),
        "Actions on monitors": [
            *(f"action monitors {name}" for name in sorted({*monitors.OPERATIONS} - {"watch"})),
            "action monitors deregister",
            *(f"action monitors watch {name}" for name in ("perm", "tasks", "listen", *CLASSES)),
        ],
        "Other requests": sorted(set(ROOTS) - {"get", "action"}),
        "Binary messages": [f"{kind.value} {kind.name}" for kind in messages()],
    }


def messages() -> list[Kind]:
    """The binary messages that are sent or understood."""
    return sorted({*FIELDS, *_PLAIN})


def _actions(on: str, operations: object) -> list[str]:
    names = sorted(str(name) for name in operations)  # type: ignore[attr-defined]
    return [*(f"action {on} {name}" for name in names), f"action {on} params"]


def _with_modes(operations: object) -> list[str]:
    """Operations, `farm` with each of its modes."""
    names = [str(name) for name in operations if name != "farm"]  # type: ignore[attr-defined]
    return [*names, *(f"farm {mode}" for mode in farm.MODES)]


def proofs() -> dict[str, list[tuple[Path, str]]]:
    """For each request the tests that say they prove it."""
    found: dict[str, list[tuple[Path, str]]] = {}
    for path in sorted(TESTS.glob("test_*.py")):
        if "@proves" not in path.read_text(encoding="utf-8"):
            continue
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for name, test in inspect.getmembers(module, inspect.isfunction):
            for request in getattr(test, "proves", ()):
                found.setdefault(request, []).append((path, name))
    return found


def page() -> str:
    """The door's page, its table of requests as the tests are."""
    text = PAGE.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    assert begin, f"{PAGE.name} has no {BEGIN}"
    assert end, f"{PAGE.name} has no {END}"
    return "\n\n".join([before + BEGIN, *_tables(), END + after])


def _tables() -> Iterator[str]:
    known = proofs()
    for title, requests in groups().items():
        yield f"### {title}"
        yield md.table(
            ("request", "proved by"),
            ([md.code(name), "; ".join(_link(*one) for one in known[name])] for name in requests),
        )


def _link(path: Path, name: str) -> str:
    words = re.sub("^test_", "", name).replace("_", " ")
    return f"[{words}](../../{path.relative_to(ROOT).as_posix()})"
