"""How fast the text of one task goes its way: parser, worker, server's disk, browser, client."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from bench.figure import Row, Size, row, table
from bench.server import Impossible, Server, wait_for
from grange.client import Client
from grange.client.handles import TaskHandle
from grange.client.requests import tasks as task_requests
from grange.model.spec import BlockSpec, JobSpec
from grange.plugins.loading import parser_class
from grange.plugins.watch import Watch as ParserWatch
from grange.store.files import Shelf
from grange.wire.watch import Patch, Watch
from tools.evidence import Table

MB: Final = 1_000_000
LINE: Final = (
    b"[00:00:01.%06d] sampling tile 0412 of 1024, 37 of 64 samples, 1,204.5 MB, 55 degrees\n"
)
KEPT_MB: Final = 12  # of a log that is kept whole
FLOOD_MB: Final = 200  # of one that is not
FLOOD_QUICK_MB: Final = 40
PIECE: Final = 64 * 1024  # bytes that a worker reads at once
LOOK_S: Final = 0.002  # between two looks at a file

TEXT: Final = (
    "Megabytes a second of `cat` of a file of lines, by one task on one worker. The parser alone:"
    " called with the same bytes by a process that does nothing else. The server's disk: from the"
    " moment the task may write until the whole log is there, while nobody watches. The browser:"
    " the same until one who speaks as the page does has all of it: text comes by the WebSocket,"
    " and what was left out there, because more than a megabyte waited, is read by HTTP. The"
    " client: as `grange log --follow` reads. Flood: as long as the task takes to write, while"
    " the parser reads every line; of such a log the beginning and the end are kept. Beside them"
    " what the machine does with the same bytes: `cat` into a file, and `cat` into a pipe that"
    " Python reads and throws away. Bound by one Python for each of worker and server, and by"
    " sending pieces of 64 KiB that are acknowledged."
)


class Heard(msgspec.Struct, frozen=True):
    """How a log came to a browser."""

    seconds: float
    by_socket: float  #: part of its bytes that the WebSocket brought, the rest by HTTP


def measure(size: Size) -> list[Table]:
    """One task that writes as fast as it is read."""
    flood_mb = size.of(FLOOD_MB, FLOOD_QUICK_MB)
    rates: dict[str, list[float]] = {}

    def note(name: str, megabytes: float, seconds: float) -> None:
        rates.setdefault(name, []).append(megabytes / seconds)

    with Server(worker=True) as server, server.client() as client:
        kept, flood = server.folder / "kept.txt", server.folder / "flood.txt"
        _write_lines(kept, KEPT_MB)
        _write_lines(flood, flood_mb)
        for _ in range(size.rounds):
            note("parser", KEPT_MB, _parsed(kept))
            note("disk", KEPT_MB, _to_disk(server, client, kept))
            heard = _to_browser(server, client, kept)
            note("browser", KEPT_MB, heard.seconds)
            rates.setdefault("socket", []).append(100 * heard.by_socket)
            note("client", KEPT_MB, _to_client(server, client, kept))
            note("flood", flood_mb, _flooded(client, flood))
            note("cat", flood_mb, _cat(flood, server.folder / "copy"))
            note("pipe", flood_mb, _piped(flood))
    return [table("The log of one task: `cat` of a file of lines", _rows(rates, flood_mb), TEXT)]


def _rows(rates: dict[str, list[float]], flood_mb: int) -> list[Row]:
    parts = [ours / theirs for ours, theirs in zip(rates["flood"], rates["pipe"], strict=True)]
    return [
        row(f"{KEPT_MB} MB through the parser alone", rates["parser"], "MB/s"),
        row(f"{KEPT_MB} MB, parsed, to the server's disk", rates["disk"], "MB/s"),
        row(f"{KEPT_MB} MB, parsed, to a browser", rates["browser"], "MB/s"),
        row("of that, by the WebSocket", rates["socket"], "%"),
        row(f"{KEPT_MB} MB, parsed, to a client that follows", rates["client"], "MB/s"),
        row(f"{flood_mb} MB through the parser", rates["flood"], "MB/s"),
        row("that, as a part of the pipe", parts),
        row(f"{flood_mb} MB by a pipe to Python", rates["pipe"], "MB/s"),
        row(f"{flood_mb} MB by `cat` to a file", rates["cat"], "MB/s"),
    ]


def _write_lines(path: Path, size_mb: int) -> None:
    with path.open("wb") as file:
        for number in range(size_mb * MB // len(LINE % 0)):
            file.write(LINE % (number % MB))


def _parsed(text: Path) -> float:
    watch, data = ParserWatch(parser_class("generic", ())()), text.read_bytes()
    began = time.monotonic()
    for place in range(0, len(data), PIECE):
        watch.feed(data[place : place + PIECE])
    return time.monotonic() - began


def _task(client: Client, *command: str) -> TaskHandle:
    block = BlockSpec(frames="1", command=command, capacity=1)
    job = client.submit(JobSpec(name="log", blocks=(block,)))
    return job.task(0, 0)


class Gated(msgspec.Struct, frozen=True):
    """A task that runs and waits for its gate to be opened."""

    task: TaskHandle
    run_id: int
    size: int  #: bytes that it will write
    open_gate: Callable[[], float]  #: gives the moment


@contextmanager
def _gated(server: Server, client: Client, text: Path) -> Iterator[Gated]:
    gate = server.folder / "gate"
    os.mkfifo(gate)
    task = _task(client, "sh", "-c", f"read _ < {gate}; exec cat {text}")
    wait_for(lambda: task.view().run_id, "the task runs")

    def open_gate() -> float:
        with gate.open("wb", buffering=0) as opened:  # waits for the task to be there
            opened.write(b"\n")
            return time.monotonic()

    try:
        yield Gated(task, task.view().run_id, text.stat().st_size, open_gate)
        wait_for(lambda: task.view().ended, "the task has ended")
    finally:
        gate.unlink()


def _to_disk(server: Server, client: Client, text: Path) -> float:
    """Seconds from the opening of the gate until the log is whole on the server's disk."""
    shelf = Shelf(server.state)
    with _gated(server, client, text) as gated:
        began = gated.open_gate()
        while shelf.size(gated.task.job, gated.run_id) < gated.size:
            if time.monotonic() > began + 60:
                raise Impossible("the log never came to the disk")
            time.sleep(LOOK_S)
        return time.monotonic() - began


def _to_browser(server: Server, client: Client, text: Path) -> Heard:
    """The same until somebody has it who watches and reads as the page does."""
    with _gated(server, client, text) as gated:
        want = Watch(
            jobs=False, workers=False, tasks_of=(gated.task.job,), logs_of=(gated.run_id,)
        )
        messages = client.watch(want, timeout_s=60)
        next(messages)  # it is heard from now on
        began, end, heard = gated.open_gate(), 0, 0
        for message in messages:
            parts, tasks = (
                (message.logs, message.tasks) if isinstance(message, Patch) else ((), ())
            )
            for part in parts:
                if part.offset == end:
                    end += len(part.text.encode())
                    heard += len(part.text.encode())
            if tasks or (parts and parts[-1].offset > end):  # something may have been left out
                end = client.send(task_requests.run_log(gated.run_id, start=end)).end
            if end >= gated.size:
                break
        return Heard(time.monotonic() - began, heard / gated.size)


def _to_client(server: Server, client: Client, text: Path) -> float:
    """The same until a client that follows has the last byte."""
    with _gated(server, client, text) as gated:
        began = gated.open_gate()
        got = sum(len(part) for part in gated.task.follow())
        ended = time.monotonic()
    if got != gated.size:
        raise Impossible(f"a log of {gated.size} bytes came as {got} characters")
    return ended - began


def _flooded(client: Client, text: Path) -> float:
    """Seconds that a task took to write."""
    task = _task(client, "cat", str(text))
    wait_for(lambda: task.view().ended, "the flood is over")
    result = task.runs()[0].result
    if result is None or result.status != "done":
        raise Impossible("the flood did not end well")
    return result.duration_s


def _cat(text: Path, copy: Path) -> float:
    with copy.open("wb") as out:
        began = time.monotonic()
        subprocess.run(("cat", str(text)), stdout=out, check=True)
        return time.monotonic() - began


def _piped(text: Path) -> float:
    began = time.monotonic()
    with subprocess.Popen(("cat", str(text)), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while os.read(process.stdout.fileno(), PIECE):
            pass
    return time.monotonic() - began
