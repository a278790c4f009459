"""`kill -9` of the server under load: when it dispatches again, and what was lost."""

from __future__ import annotations

import time
from typing import Final

import msgspec

from bench.figure import Goal, Row, Size, note, row, table
from bench.load import plan_of
from bench.server import Server
from bench.swarm.handle import Swarm
from bench.swarm.tally import Tally
from grange.model.spec import BlockSpec, JobSpec
from tools.evidence import Table

WORKERS: Final = 250
SLOTS: Final = 20
SLOTS_QUICK: Final = 4
RUN_S: Final = 10.0  # of a task: the ends come evenly, some while the server is away
FRAMES: Final = 200_000


def measure(size: Size) -> list[Table]:
    """Kill, start again at once, watch from the side of the workers."""
    slots = size.of(SLOTS, SLOTS_QUICK)
    runs = WORKERS * slots
    with Server(slots=slots) as server:
        plan = plan_of(server, workers=WORKERS, run_s=RUN_S)
        with Swarm(msgspec.structs.replace(plan, report_s=0.1)) as swarm:
            swarm.all_linked()
            with server.client() as client:
                block = BlockSpec(frames=f"1-{FRAMES}", command=("render",), capacity=1)
                client.submit(JobSpec(name="load", blocks=(block,)))
            swarm.until(lambda tally: tally.started >= runs + WORKERS)
            seconds = [_kill(server, swarm) for _ in range(size.rounds)]
            tally = swarm.tally
    text = (
        f"{WORKERS} simulated workers with {runs:,} runs of {RUN_S:.0f} s; the server is killed"
        " and started again at once. A worker that lost its link tries again after 0.1 to 0.2 s,"
        " then more and more seldom, up to 5 s. Bound by starting Python, reading the state, and"
        " those pauses."
    )
    return [table("kill -9 of the server under load", _rows(seconds, tally, runs), text)]


def _kill(server: Server, swarm: Swarm) -> tuple[float, float, float]:
    """Seconds from the kill: until it listens, until the first start, until all are linked."""
    killed = server.kill()
    server.start()
    listens = time.monotonic() - killed
    tally = swarm.until(lambda now: now.started_again and now.linked_again)
    before = tally.acknowledged
    swarm.until(lambda now: now.acknowledged > before + WORKERS)
    return listens, tally.started_again - killed, tally.linked_again - killed


def _rows(seconds: list[tuple[float, float, float]], tally: Tally, runs: int) -> list[Row]:
    listens, dispatches, linked = (list(column) for column in zip(*seconds, strict=True))
    counted = (
        ("finished tasks forgotten", tally.forgotten),
        ("tasks run twice", tally.twice),
        ("runs killed", tally.killed),
    )
    return [
        row(f"it listens again, {runs:,} runs", listens, "s"),
        row("it dispatches again: first new start", dispatches, "s", Goal(most=5)),
        row("all workers are linked again", linked, "s"),
        *(
            note(f"{what}, {len(seconds)} kills", str(count), "0", count == 0)
            for what, count in counted
        ),
    ]
