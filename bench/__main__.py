"""Measure the figures: all, or those named.

.venv/bin/python -m bench --quick life_cycles idle
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import sys
import time
import traceback
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table as Shown

from bench import readme
from bench.figure import Measure, Size, load, share_cores
from bench.kept import keep_tables
from bench.peers.driver import have_peers
from bench.server import Impossible
from tools.evidence import Table, machine

#: In the order in which they are measured and shown; the long ones last.
FIGURES: Final = (
    "life_cycles",
    "release",
    "big_job",
    "idle",
    "chatty_tasks",
    "log_throughput",
    "worker_killed",
    "server_killed",
    "bad_requests",
    "store_commits",
    "pyfarm",
    "afanasy_lists",
    "core_dispatch",
    "week",
    "many_workers",
    "sustained",
)
FILE_WIDTH: Final = 110  # characters of a line, where no terminal says
MET_COLOURS: Final = {"yes": "green", "no": "red"}


def measured(name: str, size: Size) -> list[Table]:
    """The tables of one figure, with the day and the machine's load before."""
    measure: Measure = importlib.import_module(f"bench.{name}").measure
    before, began = load(), time.monotonic()
    tables = measure(size)
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    text = (
        f"{today}, {size.rounds} rounds, load before {before:.2f},"
        f" {time.monotonic() - began:.0f} s; `make bench ONLY={name}`"
    )
    return [
        Table(
            title=item.title, columns=item.columns, rows=item.rows, text=f"{item.text}\n\n{text}."
        )
        for item in tables
    ]


def show(console: Console, item: Table) -> None:
    """Print one table."""
    shown = Shown(title=escape(item.title), title_justify="left", title_style="bold")
    for column in item.columns:
        shown.add_column(column, justify="left" if column == item.columns[0] else "right")
    for line in item.rows:
        met = str(line[-1])
        shown.add_row(*(escape(str(cell)) for cell in line[:-1]), met, style=MET_COLOURS.get(met))
    console.print(shown)
    console.print(escape(item.text), style="dim")
    console.print()


def one(console: Console, name: str, size: Size) -> bool:
    """Measure one figure, print it, keep it. Returns whether it could be measured."""
    console.print(f"measuring {name} ...", style="dim")
    try:
        tables = measured(name, size)
    except Impossible as why:
        console.print(f"{name}: {why}", style="red", markup=False)
        return False
    except Exception:  # noqa: BLE001 (the others are still wanted)
        traceback.print_exc()
        return False
    for item in tables:
        show(console, item)
    if not size.quick:
        keep_tables(tables)
        readme.renew()
    return True


def main() -> int:
    """Measure what the command line says. 1 where a figure could not be measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=", ".join(FIGURES))
    parser.add_argument("--quick", action="store_true", help="small sizes; nothing is kept")
    said = parser.parse_args()
    if unknown := set(said.figures) - set(FIGURES):
        parser.error(f"there is no figure {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    if not have_peers():
        parser.error("the programs to compare with are not installed: make bench")
    console, size = Console(), Size(said.quick)
    if not console.is_terminal:
        console.width = FILE_WIDTH
    console.print(f"{machine()}; all on {share_cores()} cores")
    found = [one(console, name, size) for name in said.figures or FIGURES]
    if not size.quick:
        console.print("kept; `make docs` takes them into docs/reliability.md")
    return int(not all(found))


if __name__ == "__main__":
    sys.exit(main())
