from __future__ import annotations

import asyncio
import ssl
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from grange.client import AsyncClient, Client
from grange.client.errors import Unreachable, WrongCertificate
from grange.server.state_dir import StateDir
from tests.client import build
from tests.client.recorded import RecordedServer

OTHER = "ab" * 32


class Encrypted(NamedTuple):
    server: RecordedServer
    fingerprint: str


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Encrypted]:
    folder = StateDir.prepare(Path(tmp_path_factory.mktemp("state")) / "farm")
    fingerprint = folder.ensure_certificate(["farm"])
    with RecordedServer(folder.certificate, folder.certificate_key) as server:
        yield Encrypted(server, fingerprint)


def test_a_server_is_known_by_its_fingerprint(encrypted: Encrypted) -> None:
    encrypted.server.forget()
    encrypted.server.answer("GET /farm", build.FARM)
    encrypted.server.watch([build.snapshot(5)])
    with Client(encrypted.server.url, "t", fingerprint=encrypted.fingerprint) as farm:
        assert farm.summary() == build.FARM
        assert next(farm.watch()).number == 5


def test_a_watch_is_read_and_written_by_one_thread(
    encrypted: Encrypted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenSSL allows no other: two threads lose what is sent, and wait for ever."""
    threads: defaultdict[int, set[int]] = defaultdict(set)

    def noted(kind: type[Any], name: str) -> None:
        real = getattr(kind, name)

        def call(self: Any, *args: Any) -> Any:
            threads[id(self)].add(threading.get_ident())
            return real(self, *args)

        monkeypatch.setattr(kind, name, call)

    for kind, names in (
        (ssl.SSLObject, ("read", "write")),
        (ssl.SSLSocket, ("recv", "recv_into", "send")),
    ):
        for name in names:
            noted(kind, name)
    encrypted.server.forget()
    encrypted.server.watch([build.snapshot(5)])
    with Client(encrypted.server.url, "t", fingerprint=encrypted.fingerprint) as farm:
        assert next(farm.watch()).number == 5
    assert threads
    assert all(len(found) == 1 for found in threads.values())


def test_another_certificate_gets_not_a_byte(encrypted: Encrypted) -> None:
    encrypted.server.forget()
    with Client(encrypted.server.url, "secret", fingerprint=OTHER, patience_s=60) as farm:
        with pytest.raises(WrongCertificate, match=encrypted.fingerprint):
            farm.summary()
        with pytest.raises(WrongCertificate):
            next(farm.watch())
    assert not encrypted.server.seen


def test_both_hold_for_programs_with_a_loop(encrypted: Encrypted) -> None:
    async def ask(fingerprint: str) -> str:
        async with AsyncClient(encrypted.server.url, "t", fingerprint=fingerprint) as farm:
            return (await farm.summary()).version

    encrypted.server.forget()
    encrypted.server.answer("GET /farm", build.FARM)
    assert asyncio.run(ask(encrypted.fingerprint)) == "0.1.0"
    with pytest.raises(WrongCertificate):
        asyncio.run(ask(OTHER))


def test_without_a_fingerprint_the_authorities_of_the_system_decide(encrypted: Encrypted) -> None:
    refused = pytest.raises(Unreachable, match="certificate verify failed")
    with Client(encrypted.server.url, "t", patience_s=0) as farm, refused:
        farm.summary()
