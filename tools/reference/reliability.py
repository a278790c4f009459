"""docs/reliability.md, from what the runs of the proof have kept beside it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from tools import evidence
from tools.evidence import Evidence, Table
from tools.reference import markdown as md
from tools.reference.source import ROOT

PAGE: Final = ROOT / "docs" / "reliability.md"
FOUND: Final = evidence.FOLDER / "found.toml"

#: The parts of the report, in order: the file's name, and what it is for.
PARTS: Final = {
    "chaos": "real processes are hurt, and a checker reads what they left behind",
    "simulation": "a week of ten thousand machines on a virtual clock",
    "machines": "random commands against models, step by step",
    "mutation": "whether the tests of the core would notice a fault",
    "fuzzing": "every parser of foreign bytes is fed with what nobody sends",
    "figures": "how fast, beside others in the same run",
}

PROMISES: Final = {
    "P1": "A job that was acknowledged to its submitter survives any crash of the server, and"
    " submitting it again with the same token does not make a second one.",
    "P2": "A result that was acknowledged to a worker is never lost and never counted twice.",
    "P3": "Of each task the farm believes in at most one current run. Reports of a stale run"
    " change nothing, and its processes are told to die.",
    "P4": "A worker that cannot reach the server keeps its runs until its lease ends, and kills"
    " them before the server may give them to another.",
    "P5": "Every task that can run is started as soon as a fitting worker is free.",
    "P6": "Limits, tickets and capacities are never exceeded, even across a restart.",
    "P7": "No process of a run that is over is left alive on the worker, be it in a session of"
    " its own or forked twice.",
    "P8": "A full disk, a flood of log text or hostile input harms that task only, never the"
    " server.",
}

_INTRODUCTION: Final = """\
What Grange promises, and how each promise was put to the test. This page is made from what the
runs have written down ([the data](reliability/)); no figure on it was typed in. Each part names
the command that repeats it. Run it on your own machine: a violation ends the command with an
error, and prints the seed that shows it again.

A campaign can show that faults are there, not that there are none. What was tried, how often and
on which machine stands in the tables, and what was found that way is listed below."""


class Found(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fault that the proof has found in Grange itself, and what keeps it from coming back."""

    what: str
    by: str  #: what found it, with its seed where it has one
    test: str  #: `path/to/file.py::name`


def found() -> tuple[Found, ...]:
    """All of them, in the order of the file."""
    if not FOUND.exists():
        return ()
    data = tomllib.loads(FOUND.read_text(encoding="utf-8"))
    return msgspec.convert(data.get("found", []), tuple[Found, ...])


def page() -> str:
    """Write docs/reliability.md."""
    parts = [part for name in PARTS if (part := evidence.read(name)) is not None]
    lines = [_INTRODUCTION, *_promises(parts), *_faults()]
    for part in parts:
        lines += _part(part)
    return md.page("Reliability", ["docs/reliability"], *lines)


def _promises(parts: list[Evidence]) -> Iterator[str]:
    yield "## The promises"
    rows = []
    for promise, text in PROMISES.items():
        where = [
            f"{part.promises[promise][0]:,} in [{part.part}](#{_anchor(part.title)})"
            for part in parts
            if promise in part.promises
        ]
        broken = sum(part.promises[promise][1] for part in parts if promise in part.promises)
        rows.append((f"**{promise}**", text, "; ".join(where) or "not yet", broken))
    columns = ("", "promise", "times it was checked", "violations")
    yield _table(columns, tuple(rows))


def _faults() -> Iterator[str]:
    faults = found()
    if not faults:
        return
    yield "## What was found, and is mended"
    yield (
        "Each of these was a fault of Grange. It was first made a test that fails, then mended;"
        " the test is part of `make test`."
    )
    rows = tuple((fault.what, fault.by, _test(fault.test)) for fault in faults)
    yield _table(("fault", "found by", "test"), rows)


def _test(place: str) -> str:
    path, _, name = place.partition("::")
    return f"[{name or Path(path).name}](../{path})"


def _part(part: Evidence) -> Iterator[str]:
    yield f"## {part.title}"
    yield f"*{PARTS[part.part].capitalize()}.*"
    if part.text:
        yield part.text
    yield f"```sh\n{part.command}\n```"
    yield f"Run on {part.date} with version {part.version}, on {part.machine}."
    for table in part.tables:
        yield from _titled(table)


def _titled(table: Table) -> Iterator[str]:
    if table.title:
        yield f"### {table.title}"
    if table.text:
        yield table.text
    if table.rows:
        yield _table(table.columns, table.rows)


def _table(columns: tuple[str, ...], rows: tuple[tuple[str | int | float, ...], ...]) -> str:
    numbers = [
        all(isinstance(row[at], int | float) or not row[at] for row in rows)
        for at in range(len(columns))
    ]
    lines = [
        "| " + " | ".join(columns) + " |",
        "| " + " | ".join("---:" if number else "---" for number in numbers) + " |",
    ]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: str | float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 100 else f"{value:,.0f}"
    return value.replace("|", "\\|").replace("\n", " ")


def _anchor(title: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
