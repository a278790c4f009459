"""Bad requests: how each is answered, and what others notice of it."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Final

import httpx
import msgspec

from bench.figure import Goal, Row, Size, note, percentile, row, table
from bench.hostile.requests import Bad, Writer, bad_requests
from bench.server import Server
from tools.evidence import Table

ANSWER_MAX_S: Final = 5.0
IDLE: Final = 1_000  # connections that say nothing, or the half of a head
IDLE_QUICK: Final = 200
IDLE_S: Final = 3.0  # for which others are watched meanwhile
PAUSE_S: Final = 0.01  # between two good requests
CLOSED: Final = 0  # "status" of a connection that was closed without an answer
NOTHING: Final = -1  # and of one where nothing came at all
_STATUS: Final = re.compile(rb"HTTP/1\.1 (\d{3}) ")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back."""

    bad: Bad
    ms: float  #: until it began to
    status: int  #: of HTTP; CLOSED or NOTHING without an answer
    text: str

    @property
    def answered(self) -> bool:
        """Whether it was refused, or the connection was closed, in time."""
        return self.status == CLOSED or 400 <= self.status < 500

    @property
    def named(self) -> bool:
        """Whether the field at fault is named, where there is one."""
        return self.bad.field is None or self.bad.field in self.text


def measure(size: Size) -> list[Table]:
    """One by one, each round in a new server; then many connections that do nothing."""
    answers: list[Answer] = []
    others: list[float] = []
    with Server() as server:
        where = server.where().url.removeprefix("http://")
        quiet = _watched(server, 1.0)
        bads = bad_requests(Writer(where, server.token()))
        with _good(server) as times:
            for _ in range(size.rounds):
                answers += [send(where, bad) for bad in bads]
        others += times
        with _idle(where, size.of(IDLE, IDLE_QUICK)), _good(server) as idle:
            time.sleep(IDLE_S)
        alive = _watched(server, 0.1)
    rows = _rows(answers, len(bads))
    rows += [
        row("a good request, before: median", quiet, "ms"),
        row("a good request, meanwhile: median", others, "ms"),
        row("a good request, meanwhile: p99", [percentile(others, 0.99)], "ms", Goal(most=100)),
        row(
            f"a good request, p99, beside {size.of(IDLE, IDLE_QUICK):,} idle or half-sent ones",
            [percentile(idle, 0.99)],
            "ms",
            Goal(most=100),
        ),
        note("the server lives", "yes" if alive else "no", "yes", bool(alive)),
    ]
    text = (
        f"{len(bads)} requests to the native API, {size.rounds} times each, every one in a new"
        " connection and with a good credential: malformed, too deep, too large, of wrong types,"
        " out of place, forged, smuggled. Refused is an answer 4xx, or a closed connection where"
        " it was no HTTP."
    )
    return [table("Bad requests", rows, text)]


def _rows(answers: Sequence[Answer], count: int) -> list[Row]:
    times = [answer.ms for answer in answers]
    worst = max(answers, key=lambda answer: answer.ms)
    wrong = sorted({answer.bad.name for answer in answers if not answer.answered})
    unnamed = sorted(
        {answer.bad.name for answer in answers if answer.answered and not answer.named}
    )
    late = sum(answer.ms > 100 for answer in answers)
    return [
        note("requests not refused", _some(wrong), "0", not wrong),
        note("refused without the field's name", _some(unnamed), "0", not unnamed),
        row(f"time to the answer, {count} requests", times, "ms"),
        row(f"the slowest: {worst.bad.name}", [worst.ms], "ms", Goal(most=100)),
        note("answers after 100 ms", f"{late} of {len(answers):,}", "0", not late),
    ]


def _some(names: Sequence[str]) -> str:
    return f"{len(names)}: {'; '.join(names[:5])}" if names else "0"


def send(where: str, bad: Bad) -> Answer:
    """Send one in a connection of its own; `where` is host and port."""
    host, _, port = where.rpartition(":")
    with socket.create_connection((host, int(port)), ANSWER_MAX_S) as link:
        began = time.perf_counter()
        answer, first = _exchange(link, bad.data)
        ms = ((first or time.perf_counter()) - began) * 1e3
    found = _STATUS.match(answer)
    status = int(found[1]) if found else CLOSED if first else NOTHING
    return Answer(bad=bad, ms=ms, status=status, text=answer.decode(errors="replace"))


def _exchange(link: socket.socket, data: bytes) -> tuple[bytes, float]:
    """What comes back, and when it began to; 0 where nothing does, not even an end."""
    answer, first = b"", 0.0
    try:
        with contextlib.suppress(ConnectionError):  # closed while we still send
            link.sendall(data)
        while not _whole(answer):
            piece = link.recv(65_536)
            first = first or time.perf_counter()
            if not piece:
                break
            answer += piece
    except ConnectionError:
        first = first or time.perf_counter()
    except TimeoutError:
        return answer, first
    return answer, first


def _whole(answer: bytes) -> bool:
    """Whether an answer is complete, by its length."""
    head, found, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: (\d+)", head, re.IGNORECASE)
    return bool(found) and length is not None and len(body) >= int(length[1])


@contextlib.contextmanager
def _good(server: Server) -> Iterator[list[float]]:
    """Good requests beside what is done within, one after the other; milliseconds of each."""
    times: list[float] = []
    over = threading.Event()

    def ask() -> None:
        with _client(server) as http:
            times.append(_asked(http))  # one at least
            while not over.wait(PAUSE_S):
                times.append(_asked(http))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield times
    finally:
        over.set()
        thread.join()


def _watched(server: Server, seconds: float) -> list[float]:
    """Milliseconds of good requests for a while."""
    with _good(server) as times:
        time.sleep(seconds)
    return times


def _client(server: Server) -> httpx.Client:
    headers = {"Authorization": f"Bearer {server.token()}"}
    return httpx.Client(base_url=server.where().url, headers=headers, timeout=60.0)


def _asked(http: httpx.Client) -> float:
    began = time.perf_counter()
    http.get("/api/v1/farm").raise_for_status()
    return (time.perf_counter() - began) * 1e3


@contextlib.contextmanager
def _idle(where: str, count: int) -> Iterator[None]:
    """Connections that say nothing, or a half."""
    host, _, port = where.rpartition(":")
    with contextlib.ExitStack() as links:
        for number in range(count):
            link = links.enter_context(socket.create_connection((host, int(port)), ANSWER_MAX_S))
            if number % 2:
                link.sendall(b"GET /api/v1/farm HTTP/1.1\r\nHost: 127.0.0.1\r\nX-a: ")
        yield
