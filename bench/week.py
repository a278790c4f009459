"""A simulated week of 10,000 nodes under the full rules."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Final

import msgspec

from bench.figure import Goal, Row, Size, note, row, shown, table
from bench.server import ROOT, Impossible
from tools.evidence import Table

COMMAND: Final = (sys.executable, "-m", "grange", "simulate", "--json")
FULL: Final = ("--nodes", "10000", "--days", "7")
QUICK: Final = ("--nodes", "1000", "--days", "1")
WEEK_MAX_S: Final = 1_800.0


class _Told(msgspec.Struct):
    """What is used of what `grange simulate` tells."""

    users: int
    jobs: int
    runs: int
    checked: dict[str, int]  #: promise -> how often it was looked at
    broken: dict[str, int]


def measure(size: Size) -> list[Table]:
    """One run of `grange simulate`, from its start to its end."""
    options = QUICK if size.quick else FULL
    began = time.monotonic()
    done = subprocess.run(
        (*COMMAND, *options), cwd=ROOT, capture_output=True, timeout=WEEK_MAX_S, check=False
    )
    seconds = time.monotonic() - began
    try:
        told = msgspec.json.decode(done.stdout, type=_Told)
    except msgspec.MsgspecError as error:
        said = done.stderr.decode(errors="replace")[-500:]
        raise Impossible(f"`grange simulate` did not tell what it found: {said}") from error
    text = (
        f"`{' '.join(('grange simulate', *options))}`: {told.users:,} users send {told.jobs:,}"
        " jobs, which become runs under the full rules of core, leases and links, on a virtual"
        " clock. Bound by the Python of the core, on one core."
    )
    return [table("A simulated week of 10,000 nodes", _rows(told, seconds), text)]


def _rows(told: _Told, seconds: float) -> list[Row]:
    broken = sum(told.broken.values())
    return [
        row("from start to end of the program", [seconds], "s", Goal(most=60)),
        row("runs", [told.runs]),
        row("runs a second", [told.runs / seconds], "/s"),
        note("checks of promises", shown(sum(told.checked.values()))),
        note("promises broken", shown(broken), "0", not broken),
    ]
