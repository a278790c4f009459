"""From the end of what a task waited for to its own start."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Final

from bench.figure import Goal, Size, percentile, row, table
from bench.server import Server
from grange.model.spec import BlockSpec, JobSpec
from tools.evidence import Table

LINKS: Final = 200
LINKS_QUICK: Final = 30


def measure(size: Size) -> list[Table]:
    """A chain of blocks, each of which waits for the one before, on one worker."""
    gaps: list[float] = []
    with Server(worker=True) as server:
        for number in range(size.rounds):
            gaps += _chain(server, size.of(LINKS, LINKS_QUICK), server.folder / f"times{number}")
    rows = [
        row("median", gaps, "ms"),
        row("p99", [percentile(gaps, 0.99)], "ms", Goal(most=50)),
    ]
    text = (
        "From the moment one command writes the time, which is all it does, to the moment at which"
        " the next one has started and written its own: the whole way from the end of a process"
        " through the worker, the server, the commit of that end and of the next start, and back."
        " Bound by that commit and by making two processes (`sh`, `date`)."
    )
    return [table("A dependency is released: end of one task to start of the next", rows, text)]


def _chain(server: Server, links: int, times: Path) -> list[float]:
    """Milliseconds between the times that the tasks of one chain wrote."""
    command = ("sh", "-c", f"date +%s%N >> {times}")
    blocks = tuple(
        BlockSpec(
            name=f"link{number}",
            frames="1",
            command=command,
            capacity=1,
            depend_mask=f"^link{number - 1}$" if number else "",
        )
        for number in range(links)
    )
    with server.client() as client:
        client.submit(JobSpec(name="chain", blocks=blocks)).wait()
    written = [int(line) for line in times.read_text(encoding="ascii").split()]
    return [(after - before) / 1e6 for before, after in pairwise(written)]
