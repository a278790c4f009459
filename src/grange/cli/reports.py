"""How single answers look: reasons, stories, settings, the farm's figures, health and audit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from rich.console import RenderableType
from rich.text import Text

from grange.cli.amounts import count, moment
from grange.cli.bar import MARKS
from grange.cli.screen import BAD, FAINT, GOOD, clean, cut, faint, table, unicode
from grange.client.requests.farm import Health
from grange.model.states import TaskState
from grange.model.views import AuditView, FarmView, StoryLine, WhyView


def why(found: WhyView) -> Iterator[RenderableType]:
    """Show why something waits."""
    yield Text(clean(found.summary), "bold")
    for reason in found.reasons:
        names = ", ".join(reason.names) + (", ..." if reason.workers > len(reason.names) else "")
        said = "" if reason.text == found.summary else clean(reason.text)
        if said or names:
            yield Text.assemble("  ", said, "  " if said else "", (clean(names), FAINT))


def story(lines: Sequence[StoryLine], now: float) -> Iterator[RenderableType]:
    """Show what happened, in order."""
    if not lines:
        yield faint("nothing has happened yet")
    for line in lines:
        text = Text.assemble((f"{moment(line.at, now):>8}  ", FAINT), clean(line.text))
        if line.by and line.by not in line.text:
            text.append(f"  by {clean(line.by)}", FAINT)
        yield text


def settings(found: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Show what is set, as it is typed to set it."""
    rows = ((faint(name), _value(name, value)) for name, value in sorted(found.items()))
    made = table("", "~", rows=rows)
    made.show_header = False
    yield made


def status(farm: FarmView, url: str) -> Iterator[RenderableType]:
    """Show the farm in one look."""
    yield Text.assemble(("Grange ", "bold"), farm.version, (f"  {url}", FAINT))
    yield Text(
        f"{count(farm.workers_online, 'worker')} of {farm.workers:,} online,"
        f" {farm.workers_busy:,} busy"
    )
    yield Text(f"{count(farm.jobs, 'job')}, {farm.jobs_running:,} running")
    line = Text(count(farm.tasks.total, "task"))
    for task_state in TaskState:
        number = getattr(farm.tasks, task_state.name.lower())
        if number:
            mark = MARKS[task_state]
            line.append(f"  {mark.letter if unicode() else mark.plain}", mark.style)
            line.append(f" {number:,} {task_state.name.lower()}")
    yield line


def health(found: Health) -> Iterator[RenderableType]:
    """Show what an examination found."""
    for check in found.checks:
        good, bad = ("✓", "✗") if unicode() else ("ok", "!!")
        mark = Text(good, GOOD) if check.ok else Text(bad, BAD)
        yield Text.assemble(mark, f" {clean(check.name)}  ", (clean(check.text), FAINT))
    for fault in found.faults:
        yield Text(f"  {clean(fault)}", BAD)


def audit(found: Sequence[AuditView], now: float) -> Iterator[RenderableType]:
    """Show who changed what."""
    if not found:
        yield faint("nobody has changed anything yet")
        return
    yield table(
        *("WHEN", "WHO~", "ROLE", "FROM~", "DID", "TO~", "RESULT~", "HOW~"),
        rows=(
            (
                moment(line.at, now),
                cut(line.user),
                line.role,
                cut(line.address),
                line.action,
                cut(line.target),
                cut(line.outcome, FAINT if line.outcome == "done" else BAD),
                cut(line.details),
            )
            for line in found
        ),
    )


def _value(name: str, value: Any) -> Text:
    if name == "wait_until" and value:
        return Text(
            dt.datetime.fromtimestamp(value, tz=dt.UTC).astimezone().isoformat("T", "seconds")
        )
    text = clean(_typed(value))
    return Text(text) if text else faint('""')


def _typed(value: Any) -> str:
    """A value as it would be typed after NAME=."""
    plain = msgspec.to_builtins(value)
    if isinstance(plain, bool):
        return "yes" if plain else "no"
    if isinstance(plain, dict) and not any(isinstance(item, dict) for item in plain.values()):
        return ",".join(f"{name}={item}" for name, item in plain.items())
    if isinstance(plain, dict | list | tuple):
        return msgspec.json.encode(plain).decode() if plain else ""
    return str(plain)
