"""What the API's description promises holds for requests made out of it, good and bad."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from websockets.sync.client import connect

from grange.client import Client
from grange.client.requests import access
from grange.model.states import Role
from grange.wire import worker as wire
from tests.doors.native.asking import FakeWorker, job
from tests.e2e.farms import Processes, eventually

EXAMPLES = int(os.environ.get("GRANGE_FUZZ_REQUESTS", "3"))  # of each operation, good and bad
GROWTH_MAX = 200_000_000  # bytes of the server's memory, after everything
TIMEOUT_S = 30.0  # a request that takes so long hangs
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CODES = {  # that may be about no field: the body itself, its shape, or a field without a name
    *("bad-json", "invalid-field", "bad-request", "unknown-field"),
}
WHO = ("admin", "artist", "nobody")
OPERATIONS = 57  # more or less: fewer would mean that the description was not read


@dataclass
class Server:
    """A server in a process of its own, with a job, a worker that does nothing, and people."""

    url: str
    pid: int
    headers: dict[str, dict[str, str]]
    known: dict[str, Any] = field(default_factory=dict)

    @property
    def memory_bytes(self) -> int:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        return httpx.request(
            method,
            f"{self.url}/api/v1{path}",
            headers=self.headers["admin"],
            timeout=TIMEOUT_S,
            **more,
        )

    def renew(self) -> None:
        """Have something to ask about, whatever was asked before."""
        self.known["job"] = self.ask("POST", "/jobs", json=job(user="ann")).json()["job_id"]
        made = self.ask("POST", "/credentials", json={"name": "spare", "role": "viewer"}).json()
        self.known["credential"] = made["credential"]["credential_id"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    state, log = folder / "state", folder / "log"
    command = (sys.executable, "-m", "grange", "server", "--port", "0", "--state-dir", str(state))
    with Processes() as processes:
        child = processes.start(*command, said={}, log=log, GRANGE_LEASE_S="3600")
        eventually(lambda: (state / "server.json").exists(), "the server listens")
        where = httpx.Response(200, content=(state / "server.json").read_bytes()).json()
        admin = (state / "admin.token").read_text().strip()
        with Client(where["url"], admin) as client:
            artist = client.send(access.create("ann", Role.ARTIST)).secret
        shown = {"admin": admin, "artist": artist}
        headers = {who: {"Authorization": f"Bearer {token}"} for who, token in shown.items()}
        found = Server(where["url"], child.pid, {**headers, "nobody": {}})
        found.known.update(block=0, task=0, run=1, worker=1, user="ann")
        socket = where["url"].replace("http", "ws") + wire.PATH
        with connect(socket, additional_headers=headers["admin"], proxy=None) as link:
            assert isinstance(FakeWorker(link).hello("node"), wire.Welcome)
            yield found
            assert child.poll() is None, log.read_text(errors="replace")
        print(log.read_text(errors="replace")[-5_000:])


@pytest.fixture(scope="module")
def description(server: Server) -> Any:
    return schemathesis.openapi.from_dict(server.ask("GET", "/openapi.json").json())


def send(server: Server, case: Any, who: str, *, known: bool, good: bool) -> None:
    """Send a request, perhaps about something that is there, and hold the answer to its word."""
    if known:
        for name in set(case.path_parameters) & set(server.known):
            case.path_parameters[name] = server.known[name]
    answer = case.call(base_url=server.url, headers=server.headers[who], timeout=TIMEOUT_S)
    checks = list(CHECKS)
    if not good and not known and answer.status_code not in (413, 429):
        checks.append(negative_data_rejection)
    case.validate_response(answer, checks=checks)
    if answer.status_code == 400:
        error = answer.json()["error"]
        assert error["field"] or error["code"] in CODES
        assert error["message"]


def tried(server: Server, operation: Any, mode: GenerationMode) -> Iterator[str]:
    """What is wrong with the answers to requests of one operation."""
    wrong: list[str] = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )
    @given(operation.as_strategy(generation_mode=mode), st.sampled_from(WHO), st.booleans())
    def holds(case: Any, who: str, known: bool) -> None:
        try:
            send(server, case, who, known=known, good=mode.is_positive)
        except (FailureGroup, AssertionError) as failure:
            faults = getattr(failure, "exceptions", (failure,))
            wrong.extend(f"{operation.label}, {who}: {fault}" for fault in faults)

    with contextlib.suppress(Unsatisfiable):  # there is nothing to say that could be wrong
        holds()
    yield from dict.fromkeys(wrong)


@pytest.mark.slow
@pytest.mark.timeout(1_200)
@pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # schemathesis does
def test_every_operation_answers_as_it_is_described(server: Server, description: Any) -> None:
    before = server.memory_bytes
    operations = [found.ok() for found in description.get_all_operations()]
    assert len(operations) >= OPERATIONS
    wrong: list[str] = []
    for operation in operations:
        server.renew()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            wrong += tried(server, operation, mode)
    assert not wrong, "\n\n".join(wrong)
    assert server.ask("GET", "/doctor").json()["faults"] == []
    assert server.memory_bytes - before < GROWTH_MAX
