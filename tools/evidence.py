"""What a run of the proof found, kept as JSON; `make docs` makes docs/reliability.md of it.

A part is written by the program that measured it and never by hand: the fault campaign,
the simulator, the figures, the mutation run, the fuzzers. Each says the command that
repeats it.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
from pathlib import Path
from typing import Final

import msgspec

from grange.model.version import VERSION

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "docs" / "reliability"


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Rows as they are printed; a cell is text or a number."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | float, ...], ...]
    text: str = ""  #: Markdown between the title and the table: what it means, what bounds it


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the report.

    Attributes:
        part: its file's name and its place in the report: `chaos`, `simulation`, `figures`,
            `mutation`, `fuzzing`, `machines`.
        title: its heading.
        command: what to run to get it again.
        tables: what was found.
        text: Markdown before the tables.
        promises: promise -> (tries in which it was checked, violations seen).
        date: ISO day of the run.
        machine: where it was run, in words.
        version: of Grange.
    """

    part: str
    title: str
    command: str
    tables: tuple[Table, ...]
    text: str = ""
    promises: dict[str, tuple[int, int]] = {}
    date: str = ""
    machine: str = ""
    version: str = VERSION


def machine() -> str:
    """This machine in words: processor, cores, memory, system, Python."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def keep(evidence: Evidence, folder: Path = FOLDER) -> Path:
    """Write a part, in the place of an older one, with today's date and this machine.

    Returns:
        The file.
    """
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()  # noqa: TID251
    whole = msgspec.structs.replace(
        evidence, date=evidence.date or today, machine=evidence.machine or machine()
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{evidence.part}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(whole), indent=1) + b"\n")
    return path


def read(part: str, folder: Path = FOLDER) -> Evidence | None:
    """A part that was kept, or None when that run was never made."""
    path = folder / f"{part}.json"
    if not path.exists():
        return None
    return msgspec.json.decode(path.read_bytes(), type=Evidence)
