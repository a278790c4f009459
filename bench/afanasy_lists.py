"""How fast Afanasy's clients are answered: the list of all jobs, one of them, a poll."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from bench.figure import Row, Size, row, table
from bench.server import Server
from tools.evidence import Table

FEW: Final = 1_000  # jobs
MANY: Final = 10_000
MANY_QUICK: Final = 2_000
SENDERS: Final = 8  # that submit at once
ASK_S: Final = 3.0  # for each row in each round
ASK_QUICK_S: Final = 0.5
READ_BYTES: Final = 1 << 20
WHO: Final = {"user_name": "ada", "host_name": "ws1"}
ALL: Final = {"get": {"type": "jobs", **WHO}}
ONE: Final = {"get": {"type": "jobs", "ids": [2], **WHO}}


def measure(size: Size) -> list[Table]:
    """One server with few jobs, then with many."""
    many = size.of(MANY, MANY_QUICK)
    with Server(settings={"afanasy_port": 0}) as server:
        door = Door(server)
        door.submit(FEW)
        rows = [*door.rows(f"{FEW:,} jobs", size)]
        submitted = door.submit(many - FEW)
        rows += [*door.rows(f"{many:,} jobs", size)]
        rows.append(row(f"jobs submitted, {SENDERS} scripts at once", [submitted], "/s"))
    text = (
        "Each request is a connection of its own, one after the other from one client, which reads"
        " the whole answer and does not decode it; the client's share of the two cores counts. A"
        " job has a block of ten frames. Bound by making a job's shape in Python; a poll by the"
        " connection."
    )
    return [table("Afanasy's clients: replies a second", rows, text)]


class Door:
    """The Afanasy door of a server.

    Args:
        server: runs.
    """

    def __init__(self, server: Server) -> None:
        host, _, port = server.where().afanasy.rpartition(":")
        self._address = (host, int(port))
        monitor = json.loads(self.ask({"monitor": {**WHO, "engine": "bench"}}))["monitor"]
        poll = {"type": "monitors", "ids": [monitor["id"]], "mode": "events"}
        self._poll = {"get": {**WHO, **poll}}

    def ask(self, root: dict[str, Any]) -> bytes:
        """The JSON that a request is answered with."""
        body = json.dumps(root).encode()
        with socket.create_connection(self._address) as link:
            link.sendall(b"AFANASY %d JSON%s" % (len(body), body))
            pieces = iter(lambda: link.recv(READ_BYTES), b"")
            return b"".join(pieces).partition(b"JSON")[2]

    def submit(self, count: int) -> float:
        """Submit jobs. Returns how many a second."""
        began = time.perf_counter()
        with ThreadPoolExecutor(SENDERS) as threads:
            for found in threads.map(self.ask, map(job, range(count))):
                assert json.loads(found)["id"]
        return count / (time.perf_counter() - began)

    def rows(self, farm: str, size: Size) -> Iterator[Row]:
        """What clients get a second."""
        whole = self.ask(ALL)
        count = len(json.loads(whole)["jobs"])
        yield row(f"{farm}: the list of all", self._rates(ALL, size), "/s")
        yield row(f"{farm}: its length, a job", [len(whole) / count], "bytes")
        yield row(f"{farm}: one of them", self._rates(ONE, size), "/s")
        yield row(f"{farm}: a monitor's poll without news", self._rates(self._poll, size), "/s")

    def _rates(self, root: dict[str, Any], size: Size) -> list[float]:
        return [self._rate(root, size) for _ in range(size.rounds)]

    def _rate(self, root: dict[str, Any], size: Size) -> float:
        began, replies = time.perf_counter(), 0
        limit = ASK_QUICK_S if size.quick else ASK_S
        while (spent := time.perf_counter() - began) < limit or not replies:
            self.ask(root)
            replies += 1
        return replies / spent


def job(number: int) -> dict[str, Any]:
    """A job of ten frames."""
    block = {"flags": 1, "frame_first": 1, "frame_last": 10, "command": "render -f @#@"}
    return {"job": {**WHO, "name": f"job {number}", "blocks": [block]}}
