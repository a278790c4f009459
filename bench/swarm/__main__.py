"""The process of a swarm: its plan comes by standard input, its tallies leave by standard output.

It ends when its standard input ends.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys

import msgspec
import uvloop

from bench.swarm.tally import Books
from bench.swarm.worker import Plan, SimWorker
from grange.server.http import raise_file_limit

FILES = 65_536  # one a worker
AT_ONCE = 64  # links made at the same time


async def swarm(plan: Plan) -> None:
    """Run all workers until standard input ends."""
    books = Books(plan.workers)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(0, _read, ended)
    async with asyncio.TaskGroup() as group:
        tallies = group.create_task(_report(books, plan.report_s))
        dialling = group.create_task(_dial(plan, books))
        await ended.wait()
        tallies.cancel()
        dialling.cancel()


def _read(ended: asyncio.Event) -> None:
    if not os.read(0, 4_096):
        asyncio.get_running_loop().remove_reader(0)
        ended.set()


async def _dial(plan: Plan, books: Books) -> None:
    room = asyncio.Semaphore(AT_ONCE)

    async def one(worker: SimWorker) -> None:
        async with room:
            await worker.dial()

    async with asyncio.TaskGroup() as group:
        for number in range(plan.workers):
            group.create_task(one(SimWorker(plan, number, books)))
            await asyncio.sleep(plan.ramp_s / plan.workers)
    gc.collect()
    gc.freeze()


async def _report(books: Books, every_s: float) -> None:
    while True:
        os.write(1, msgspec.json.encode(books.now()) + b"\n")
        await asyncio.sleep(every_s)


if __name__ == "__main__":
    raise_file_limit(FILES)
    said = sys.stdin.buffer.readline()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(swarm(msgspec.json.decode(said, type=Plan)))
