"""The figures as evidence: each table takes the place of an older one of its title."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tools.evidence import FOLDER, Evidence, Table, keep, read

PART: Final = "figures"
TEXT: Final = (
    "Each figure beside others of the same run, on the same two cores: rounds take turns, so that"
    " a busy moment of the machine meets all. A median is of all rounds; the spread says how far"
    " they were apart. Where Grange does not reach its goal, the table says so."
)


def keep_tables(tables: Sequence[Table], folder: Path = FOLDER) -> None:
    """Keep new tables, and with them the older ones of other titles."""
    old = read(PART, folder)
    found = {item.title: item for item in (old.tables if old else ())}
    found.update({item.title: item for item in tables})
    keep(
        Evidence(
            part=PART,
            title="Figures",
            command="make bench",
            tables=tuple(found.values()),
            text=TEXT,
        ),
        folder,
    )
