"""The link: dials, greets, reconnects, and trusts one certificate."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from grange.model.ids import RunId
from grange.model.run import Traits
from grange.wire.worker import (
    PICTURES_SINCE,
    Beat,
    BeatAck,
    Bye,
    Hello,
    Log,
    Picture,
    Refused,
    ToWorker,
    Welcome,
)
from grange.worker.errors import LinkInsecure, LinkRefused
from grange.worker.link import PICTURES_MAX, Link
from tests.worker.server import FarmServer

pytestmark = pytest.mark.anyio


class Ear:
    """What a link has told."""

    def __init__(self) -> None:
        self.welcomes: list[Welcome] = []
        self.received: list[ToWorker] = []
        self.losses = 0
        self.flushed = 0
        self._news = asyncio.Event()

    def link(self, url: str, fingerprint: str = "") -> Link:
        return Link(
            server=url,
            credential="secret",
            fingerprint=fingerprint,
            hello=lambda: Hello(version=1, name="w", boot_id="b", traits=Traits()),
            welcomed=self.welcome,
            received=self.receive,
            lost=self.lose,
            flushed=self.flush,
        )

    def welcome(self, message: Welcome) -> None:
        self.welcomes.append(message)
        self._news.set()

    def receive(self, message: ToWorker) -> None:
        self.received.append(message)
        self._news.set()

    def lose(self) -> None:
        self.losses += 1
        self._news.set()

    def flush(self, size: int) -> None:
        self.flushed += size
        self._news.set()

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not holds():
                self._news.clear()
                await self._news.wait()

    async def joined(self, times: int = 1) -> None:
        await self.until(lambda: len(self.welcomes) >= times)


@asynccontextmanager
async def running(link: Link) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(link.run())
        yield
        link.close()
        async with asyncio.timeout(20):
            await asyncio.wait((task,))


async def test_a_worker_greets_with_its_credential() -> None:
    async with FarmServer() as server, running(Ear().link(server.url)):
        await server.linked()
        assert server.tokens == ["Bearer secret"]
        assert server.hellos[0].name == "w"


async def test_messages_go_both_ways_in_order() -> None:
    ear = Ear()
    async with FarmServer() as server, running(link := ear.link(server.url)):
        await ear.joined()
        for number in range(1, 50):
            link.send(Beat(number=number))
        await server.until(lambda: server.count(Beat) == 49)
        assert [m.number for m in server.heard if isinstance(m, Beat)] == list(range(1, 50))
        await ear.until(lambda: len(ear.received) == 49)
        assert ear.received[-1] == BeatAck(number=49, lease_s=server.lease_s)


async def test_log_text_that_has_left_is_told() -> None:
    ear = Ear()
    async with FarmServer() as server, running(link := ear.link(server.url)):
        await ear.joined()
        link.send(Log(run_id=RunId(1), offset=0, data=b"hello"))
        await ear.until(lambda: ear.flushed == 5)
        await server.printed(b"hello")


def a_picture(number: int) -> Picture:
    return Picture(run_id=RunId(number), name="a.exr", data=b"jpeg")


async def test_a_thumbnail_leaves_when_all_else_has() -> None:
    ear = Ear()
    async with FarmServer() as server, running(link := ear.link(server.url)):
        await ear.joined()
        link.show(a_picture(1))
        link.send(Log(run_id=RunId(1), offset=0, data=b"hello"))
        link.send(Beat(number=1))
        await server.until(lambda: server.count(Picture))
        assert [type(message) for message in server.heard] == [Beat, Log, Picture]


async def test_of_many_thumbnails_the_newest_leave() -> None:
    ear = Ear()
    async with FarmServer() as server, running(link := ear.link(server.url)):
        await ear.joined()
        for number in range(1, 11):
            link.show(a_picture(number))
        await server.until(lambda: a_picture(10) in server.heard)
        assert server.heard == [a_picture(number) for number in range(11 - PICTURES_MAX, 11)]


async def test_an_older_server_never_sees_a_thumbnail() -> None:
    ear = Ear()
    async with FarmServer() as server, running(link := ear.link(server.url)):
        server.version = PICTURES_SINCE - 1
        assert not link.takes_pictures
        link.show(a_picture(1))
        await ear.joined()
        assert not link.takes_pictures
        link.show(a_picture(2))
        link.send(Bye())
        await server.until(lambda: server.left)
        assert server.count(Picture) == 0


async def test_a_broken_connection_is_told_and_dialled_again() -> None:
    ear = Ear()
    async with FarmServer() as server, running(ear.link(server.url)):
        await ear.joined()
        server.cut()
        await ear.joined(2)
        assert ear.losses == 1


async def test_a_server_that_is_not_there_is_tried_until_it_is() -> None:
    ear = Ear()
    async with FarmServer() as server:
        await server.shut()
        async with running(ear.link(server.url)):
            await asyncio.sleep(0)
            await server.open()
            await server.linked()


async def test_a_connection_that_is_dropped_is_dialled_again() -> None:
    ear = Ear()
    async with FarmServer() as server, running(link := ear.link(server.url)):
        await ear.joined()
        link.drop("deaf")
        await ear.joined(2)


async def test_what_is_queued_leaves_before_the_link_closes() -> None:
    ear = Ear()
    async with FarmServer() as server:
        async with running(link := ear.link(server.url)):
            await ear.joined()
            link.send(Bye())
        await server.until(lambda: server.left)


async def test_a_link_that_sends_more_than_is_taken_is_dropped() -> None:
    ear = Ear()
    async with FarmServer() as server, running(link := ear.link(server.url)):
        await ear.joined()
        for _ in range(70):
            link.send(Log(run_id=RunId(1), offset=0, data=b"x" * 1024 * 1024))
        await ear.joined(2)


async def test_a_refusal_with_a_time_is_tried_again() -> None:
    async with FarmServer() as server:
        server.refusals = [Refused(code="pending", message="wait", retry_s=0.01)] * 3
        async with running(Ear().link(server.url)):
            await server.linked()
        assert len(server.tokens) == 4


async def test_a_refusal_for_ever_ends_the_link_with_its_sentence() -> None:
    async with FarmServer() as server:
        server.refusals = [Refused(code="revoked", message="you were revoked")]
        with pytest.raises(LinkRefused, match="you were revoked"):
            await Ear().link(server.url).run()


@pytest.mark.parametrize("garbage", [b"\xc1garbage", b"", "text"])
async def test_garbage_from_the_server_breaks_the_connection_only(garbage: bytes | str) -> None:
    ear = Ear()
    async with FarmServer() as server, running(ear.link(server.url)):
        await ear.joined()
        await server.say(garbage)
        await ear.joined(2)


async def test_the_certificate_that_was_agreed_on_is_trusted(tmp_path: Path) -> None:
    tls, fingerprint = a_certificate(tmp_path)
    async with FarmServer(tls) as server, running(Ear().link(server.url, fingerprint.upper())):
        await server.linked()


async def test_another_certificate_never_sees_the_credential(tmp_path: Path) -> None:
    tls, _ = a_certificate(tmp_path)
    async with FarmServer(tls) as server:
        link = Ear().link(server.url, "0" * 64)
        with pytest.raises(ssl.SSLCertVerificationError, match="agreed on"):
            await link._talk()
        assert server.tokens == []


async def test_without_a_fingerprint_an_unknown_authority_is_not_trusted(tmp_path: Path) -> None:
    tls, _ = a_certificate(tmp_path)
    async with FarmServer(tls) as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            await Ear().link(server.url)._talk()
        assert server.tokens == []


@pytest.mark.parametrize(
    "url", ["ws://farm:80", "ws://192.0.2.1", "http://127.0.0.1", "farm", "w\tss://farm"]
)
async def test_a_credential_is_never_sent_in_the_clear(url: str) -> None:
    with pytest.raises(LinkInsecure):
        Ear().link(url)


@pytest.mark.parametrize("url", ["ws://127.0.0.1:1", "ws://localhost:1", "ws://[::1]:1"])
async def test_on_the_same_machine_no_encryption_is_needed(url: str) -> None:
    Ear().link(url)


def a_certificate(folder: Path) -> tuple[ssl.SSLContext, str]:
    """A server's TLS with a certificate of its own making, and its fingerprint."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "farm")])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=36_500))
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    (folder / "pem").write_bytes(secret + certificate.public_bytes(pem))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "pem")
    der = certificate.public_bytes(serialization.Encoding.DER)
    return tls, hashlib.sha256(der).hexdigest()
