"""What tests ask of a served farm."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from grange.model.ids import RunId
from grange.model.run import RunResult, Traits
from grange.model.states import RunStatus
from grange.wire import worker as wire
from grange.wire.codec import encode, unpack_to_worker
from tests.doors.native.served import Served

BLOCK: dict[str, Any] = {"frames": "1-10", "command": ["render", "@#@"]}
NAMED: dict[str, Any] = {"command": ["run"], "tasks": [{"name": "a"}, {"name": "b"}]}


def job(*blocks: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A job of ten frames, unless blocks are given."""
    return {"name": "shot", "blocks": list(blocks) or [BLOCK]} | fields


def submit(api: httpx.Client, *blocks: dict[str, Any], **fields: Any) -> str:
    """Submit a job. Its path."""
    answer = api.post("/jobs", json=job(*blocks, **fields))
    assert answer.status_code == 201, answer.text
    return f"/jobs/{answer.json()['job_id']}"


def fault(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, code and field of a refusal, whose shape is right."""
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "field", "hint"}
    assert error["message"]
    return answer.status_code, error["code"], error["field"]


class FakeWorker:
    """A worker by its wire alone: it takes runs, and ends them when told."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._received: deque[wire.ToWorker] = deque()

    def send(self, message: wire.ToServer) -> None:
        self.socket.send(encode(message))

    def receive(self) -> wire.ToWorker:
        while not self._received:
            data = self.socket.recv(timeout=5)
            assert isinstance(data, bytes)
            self._received.extend(unpack_to_worker(data))
        return self._received.popleft()

    def until(self, kind: type[Any]) -> Any:
        """The next message of a kind."""
        while not isinstance(message := self.receive(), kind):
            pass
        return message

    def hello(self, name: str, launches: bool | None = None) -> wire.ToWorker:
        traits = Traits(os="linux", cpu_cores=4, memory_mb=8_000, hdd_gb=100, launches=launches)
        self.send(wire.Hello(version=1, name=name, boot_id="boot", traits=traits))
        return self.receive()

    def log(self, run_id: int, text: bytes) -> None:
        """Send a run's log, and wait until the farm has it."""
        self.send(wire.Log(run_id=RunId(run_id), offset=0, data=text))
        self.until(wire.LogAck)

    def end(self, run_id: int) -> None:
        """Report a run as done, and wait until the farm knows."""
        result = RunResult(status=RunStatus.DONE, duration_s=1)
        self.send(wire.Ended(run_id=RunId(run_id), result=result))
        self.until(wire.EndedAck)


@contextmanager
def dialled(farm: Served, token: str | None = None) -> Iterator[FakeWorker]:
    """A worker's connection; by the owner's token unless another is given."""
    shown = {"Authorization": f"Bearer {farm.admin if token is None else token}"}
    url = farm.listener.url.replace("http", "ws") + wire.PATH
    with connect(url, additional_headers=shown, compression=None, proxy=None) as socket:
        yield FakeWorker(socket)


@contextmanager
def linked(
    farm: Served, name: str = "node", *, launches: bool | None = None
) -> Iterator[FakeWorker]:
    """A worker that has joined."""
    with dialled(farm) as worker:
        assert isinstance(worker.hello(name, launches=launches), wire.Welcome)
        yield worker
