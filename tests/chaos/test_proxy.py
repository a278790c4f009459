"""The bad network is as bad as it says, and no worse."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from random import Random

import msgspec
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import Server, ServerConnection, serve

from chaos.proxy import Proxy, Weather
from grange.model.ids import RunId
from grange.wire.codec import encode, unpack_to_server
from grange.wire.worker import Beat, Hello, Log
from tests.build import TRAITS

PATIENCE_S = 20.0  # generous: the machine may be busy


class Peer:
    """A WebSocket server that keeps what it hears and says it back when asked to."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.echoes = False
        self.left = 0
        self._news = threading.Condition()
        self._server: Server = serve(self._hear, "127.0.0.1", 0, max_size=None)
        self.port: int = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def _hear(self, link: ServerConnection) -> None:
        try:
            for data in link:
                assert isinstance(data, bytes)
                with self._news:
                    self.heard.append(data)
                    self._news.notify_all()
                if self.echoes:
                    link.send(data)
        except ConnectionClosed:
            pass
        with self._news:
            self.left += 1
            self._news.notify_all()

    def until(self, heard: int = 0, left: int = 0) -> list[bytes]:
        """Wait until so much was heard, and so many have left."""
        with self._news:
            assert self._news.wait_for(
                lambda: len(self.heard) >= heard and self.left >= left, PATIENCE_S
            )
            return self.heard

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.close()


@pytest.fixture
def proxy(peer: Peer) -> Iterator[Proxy]:
    with Proxy(peer.port, Random(1)) as proxy:
        yield proxy


@pytest.fixture
def link(proxy: Proxy) -> Iterator[ClientConnection]:
    with connect(proxy.url, max_size=None, compression=None, close_timeout=0.1) as link:
        yield link


def beat(number: int) -> bytes:
    return encode(Beat(number=number))


def hello() -> bytes:
    return encode(Hello(version=1, name="one", boot_id="1", traits=TRAITS))


def until(holds: Callable[[], object]) -> None:
    """Wait until something holds that nobody tells of."""
    give_up = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < give_up
        threading.Event().wait(0.005)


def msgpack_array(messages: list[bytes]) -> bytes:
    """Several messages in one frame, as the link sends them."""
    return msgspec.msgpack.encode([msgspec.Raw(message) for message in messages])


def numbers(heard: list[bytes]) -> list[int]:
    messages = [message for data in heard for message in unpack_to_server(data)]
    return [message.number for message in messages if isinstance(message, Beat)]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 300_000])
def test_in_fair_weather_messages_of_all_sizes_pass_both_ways(
    peer: Peer, link: ClientConnection, size: int
) -> None:
    peer.echoes = True
    data = bytes(range(256)) * (size // 256) + bytes(size % 256)
    link.send(data)
    assert link.recv(PATIENCE_S) == data
    assert peer.heard == [data]


def test_a_message_in_fragments_is_one_message(
    peer: Peer, proxy: Proxy, link: ClientConnection
) -> None:
    data = beat(1)
    link.send([data[:3], data[3:5], data[5:]])
    assert peer.until(heard=1) == [data]
    assert proxy.up.passed["beat"] == 1


def test_messages_that_share_a_frame_have_fates_of_their_own(
    peer: Peer, proxy: Proxy, link: ClientConnection
) -> None:
    proxy.up.weather = Weather(drop=1.0, kinds=frozenset({"log"}))
    logs = [encode(Log(run_id=RunId(1), offset=0, data=bytes(size))) for size in (1, 200, 70_000)]
    link.send(msgpack_array([beat(1), *logs, beat(2)]))
    assert peer.until(heard=2) == [beat(1), beat(2)]
    assert proxy.up.dropped == {"log": 3}
    proxy.up.weather = Weather()
    link.send(msgpack_array(logs))
    assert peer.until(heard=5)[2:] == logs


def test_what_is_dropped_never_comes_and_the_rest_does(
    peer: Peer, proxy: Proxy, link: ClientConnection
) -> None:
    proxy.up.weather = Weather(drop=0.5)
    for number in range(40):
        link.send(beat(number))
    until(lambda: proxy.up.passed.get("beat", 0) + proxy.up.dropped.get("beat", 0) == 40)
    came = numbers(peer.until(heard=proxy.up.passed["beat"]))
    assert came == sorted(set(came))
    assert 0 < len(came) == 40 - proxy.up.dropped["beat"] < 40


def test_greetings_are_spared_unless_named(
    peer: Peer, proxy: Proxy, link: ClientConnection
) -> None:
    proxy.up.weather = Weather(drop=1.0)
    link.send(hello())
    link.send(beat(1))
    assert peer.until(heard=1) == [hello()]
    until(lambda: proxy.up.dropped.get("beat"))
    proxy.up.weather = Weather(drop=1.0, kinds=frozenset({"hello"}))
    link.send(hello())
    link.send(beat(2))
    assert peer.until(heard=2) == [hello(), beat(2)]


def test_what_is_doubled_comes_twice(peer: Peer, proxy: Proxy, link: ClientConnection) -> None:
    proxy.up.weather = Weather(duplicate=1.0)
    link.send(beat(1))
    link.send(beat(2))
    assert numbers(peer.until(heard=4)) == [1, 1, 2, 2]


def test_what_is_overtaken_comes_after_the_next(
    peer: Peer, proxy: Proxy, link: ClientConnection
) -> None:
    proxy.up.weather = Weather(reorder=1.0, kinds=frozenset({"log"}))
    log = encode(Log(run_id=RunId(1), offset=0, data=b"x"))
    link.send(log)
    link.send(beat(1))
    link.send(log)
    assert peer.until(heard=3) == [beat(1), log, log]


def test_what_is_held_comes_when_it_is_let_go(
    peer: Peer, proxy: Proxy, link: ClientConnection
) -> None:
    peer.echoes = True
    proxy.hold(up=False, down=True)
    link.send(beat(1))
    peer.until(heard=1)
    with pytest.raises(TimeoutError):
        link.recv(0.2)
    proxy.hold(up=False, down=False)
    assert link.recv(PATIENCE_S) == beat(1)


def test_a_cut_resets_both_ends_and_a_new_connection_is_taken(
    peer: Peer, proxy: Proxy, link: ClientConnection
) -> None:
    link.send(beat(1))
    peer.until(heard=1)
    proxy.cut()
    peer.until(left=1)
    with pytest.raises(ConnectionClosed):
        link.recv(PATIENCE_S)
    with connect(proxy.url) as again:
        again.send(beat(2))
        peer.until(heard=2)


def test_a_lost_worker_is_not_seen_by_the_server_and_its_last_words_come_late(
    peer: Peer, proxy: Proxy, link: ClientConnection
) -> None:
    link.send(beat(1))
    peer.until(heard=1)
    until(lambda: proxy.waiting == 0)
    proxy.hold(up=True, down=False)
    link.send(beat(2))
    until(lambda: proxy.waiting == 1)
    proxy.lose_worker()
    with pytest.raises(ConnectionClosed):
        link.recv(PATIENCE_S)
    assert (peer.left, numbers(peer.heard)) == (0, [1])
    proxy.hold(up=False, down=False)
    assert numbers(peer.until(heard=2)) == [1, 2]
    assert proxy.connections == 1


def test_a_refusing_proxy_takes_nobody(proxy: Proxy) -> None:
    proxy.refuse(refused=True)
    with socket.create_connection(("127.0.0.1", proxy.port)) as turned_away:
        turned_away.settimeout(PATIENCE_S)
        with pytest.raises(ConnectionResetError):
            turned_away.recv(1)
    proxy.refuse(refused=False)
    with connect(proxy.url):
        assert proxy.connections == 1


def test_a_slow_line_passes_a_message_in_small_pieces(
    peer: Peer, proxy: Proxy, link: ClientConnection
) -> None:
    proxy.up.weather = Weather(bytes_s=1_000_000)
    data = bytes(300_000)
    link.send(data)
    assert peer.until(heard=1) == [data]
    assert proxy.up.pieces >= 3
