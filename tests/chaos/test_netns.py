"""A cable that can be cut one way."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from chaos.allowed import NotAllowed
from chaos.netns import Namespace

PATIENCE_S = 20.0  # generous: the machine may be busy
SHORT_S = 0.3  # for what must not come

#: Says back what it gets, on UDP.
ECHO = """
import socket, sys
far = socket.socket(type=socket.SOCK_DGRAM)
far.bind(("0.0.0.0", 9))
print("bound", flush=True)
while True:
    data, peer = far.recvfrom(2000)
    print(data.decode(), flush=True)
    far.sendto(data, peer)
"""


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    try:
        with Namespace() as namespace:
            yield namespace
    except NotAllowed as why:
        pytest.skip(f"this kernel allows no network namespaces: {why}")


class Echo:
    """A program behind the cable, and our end of a talk with it."""

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        argv = (*namespace.prefix, sys.executable, "-I", "-c", ECHO)
        self.child = subprocess.Popen(argv, stdout=subprocess.PIPE)
        assert self.child.stdout is not None
        self.said = self.child.stdout
        assert self.said.readline() == b"bound\n"
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind((namespace.here, 0))

    def send(self, word: bytes) -> None:
        self.socket.sendto(word, (self.namespace.there, 9))

    def receive(self, patience_s: float = PATIENCE_S) -> bytes:
        self.socket.settimeout(patience_s)
        return self.socket.recv(2000)

    def close(self) -> None:
        self.child.kill()
        self.child.wait()
        self.said.close()
        self.socket.close()


@pytest.fixture
def echo(namespace: Namespace) -> Iterator[Echo]:
    echo = Echo(namespace)
    yield echo
    echo.close()


def test_a_whole_cable_passes_both_ways(echo: Echo) -> None:
    echo.send(b"one")
    assert echo.receive() == b"one"


def test_cut_upwards_the_other_side_still_hears(echo: Echo) -> None:
    echo.namespace.cut(up=True)
    echo.send(b"one")
    assert echo.said.readline() == b"one\n"
    with pytest.raises(TimeoutError):
        echo.receive(SHORT_S)
    echo.namespace.mend()
    echo.send(b"two")
    assert echo.receive() == b"two"


def test_cut_downwards_the_other_side_hears_nothing(echo: Echo) -> None:
    echo.namespace.cut(down=True)
    echo.send(b"one")
    with pytest.raises(TimeoutError):
        echo.receive(SHORT_S)
    echo.namespace.mend()
    echo.send(b"two")
    assert echo.said.readline() == b"two\n"


def test_a_slow_cable_loses_what_it_cannot_pass(echo: Echo) -> None:
    echo.namespace.slow(1_000)
    for _ in range(20):
        echo.send(b"x" * 1_000)
    echo.namespace.slow(0)
    echo.send(b"last")
    came = 0
    while echo.receive() != b"last":
        came += 1
    assert came < 20


def test_a_new_address_is_reached_and_the_old_is_not(echo: Echo) -> None:
    old = echo.namespace.there
    echo.namespace.renumber()
    assert echo.namespace.there != old
    echo.send(b"one")
    assert echo.receive() == b"one"


def test_nothing_of_it_is_left() -> None:
    try:
        with Namespace() as namespace:
            name = namespace.name
    except NotAllowed as why:
        pytest.skip(f"this kernel allows no network namespaces: {why}")
    listed = subprocess.run(("ip", "netns"), capture_output=True, check=True).stdout.decode()
    links = subprocess.run(("ip", "link"), capture_output=True, check=True).stdout.decode()
    assert name not in listed
    assert name.removeprefix("grange-") not in links
