"""The doctor knocks at a server: what it says of each answer, and of the time it has there."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from grange.wire.worker import Refused
from grange.worker.config import WorkerConfig
from grange.worker.doctor import farm
from grange.worker.doctor.finding import Finding, Grade
from tests.worker.server import FarmServer
from tests.worker.test_link import a_certificate

pytestmark = pytest.mark.anyio


async def knock(server: str, fingerprint: str = "") -> list[Finding]:
    config = WorkerConfig(
        server=server,
        state_folder=Path("/nowhere"),
        credential="secret",
        fingerprint=fingerprint,
        name="w1",
    )
    return await asyncio.to_thread(farm.farm, config)


def refuse(server: FarmServer, code: str, message: str = "no") -> None:
    server.refusals = [Refused(code=code, message=message)]


async def test_a_server_that_knows_the_worker_is_well(server: FarmServer) -> None:
    refuse(server, "version")
    found = await knock(server.url)
    assert [(item.name, item.grade) for item in found] == [
        ("server", Grade.OK),
        ("clock", Grade.OK),
    ]
    assert found[0].text == f"{server.url} answers, is on this machine, and knows w1"
    assert server.tokens == ["Bearer secret"]


async def test_knocking_joins_nothing(server: FarmServer) -> None:
    refuse(server, "version")
    await knock(server.url)
    assert (server.hellos, server.heard) == ([], [])


async def test_one_that_waits_to_be_let_in_is_told_how(server: FarmServer) -> None:
    refuse(server, "pending", "worker 'w1' waits to be accepted: grange token accept ab12")
    found = (await knock(server.url))[0]
    assert (found.grade, "grange token accept ab12" in found.text) == (Grade.WRONG, True)


async def test_one_that_was_revoked_is_told(server: FarmServer) -> None:
    refuse(server, "revoked", "the credential of worker 'w1' was revoked")
    found = (await knock(server.url))[0]
    assert (found.grade, found.advice) == (
        Grade.WRONG,
        "join again: grange worker --join CODE",
    )


async def test_a_server_that_says_something_else_is_none_of_ours(server: FarmServer) -> None:
    found = (await knock(server.url))[0]
    assert (found.grade, "not as a server of Grange" in found.text) == (Grade.WRONG, True)


async def test_a_certificate_that_is_another_is_told(tmp_path: Path) -> None:
    tls, fingerprint = a_certificate(tmp_path)
    async with FarmServer(tls) as server:
        refuse(server, "version")
        (other,) = await knock(server.url, "00" * 32)
        known = (await knock(server.url, fingerprint))[0]
    assert "not the one that was agreed on" in other.text
    assert "join again by a new code" in other.advice
    assert "known by its certificate" in known.text


async def test_a_machine_without_a_server_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    (found,) = await knock(f"ws://127.0.0.1:{port}")
    assert (found.grade, "no server runs there" in found.text) == (Grade.WRONG, True)


async def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(farm, "ANSWER_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (found,) = await knock(f"ws://127.0.0.1:{silent.getsockname()[1]}")
    assert "does not answer within" in found.text


async def test_a_foreign_web_server_is_told() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as web:
        port = web.sockets[0].getsockname()[1]
        (found,) = await knock(f"ws://127.0.0.1:{port}")
    assert "status 404" in found.text


async def test_what_would_be_in_the_clear_is_not_tried() -> None:
    (found,) = await knock("ws://192.0.2.1:7420")
    assert "use wss://" in found.text


@pytest.mark.parametrize(
    ("ahead_s", "grade", "text"),
    [
        (0.4, Grade.OK, "as the server's"),
        (-2.9, Grade.OK, "as the server's"),
        (42.0, Grade.WARNING, "42 s ahead of the server's"),
        (-42.0, Grade.WARNING, "42 s behind the server's"),
        (3_600.0, Grade.WRONG, "3,600 s ahead of the server's"),
        (None, Grade.WARNING, "does not say"),
    ],
)
async def test_a_clock_that_goes_wrong_is_told_in_seconds(
    ahead_s: float | None, grade: Grade, text: str
) -> None:
    (found,) = farm.clock(ahead_s)
    assert (found.grade, text in found.text) == (grade, True)
