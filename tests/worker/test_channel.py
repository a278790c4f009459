"""The channel between daemon and warden: frames, descriptors, and a peer that dies."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from grange.worker.channel import (
    Channel,
    ChannelClosed,
    Kill,
    Order,
    Report,
    Spawn,
    Started,
    orders_decoder,
    reports_decoder,
)

Daemon = Channel[Order, Report]
Warden = Channel[Report, Order]


@pytest.fixture
def ends() -> Iterator[tuple[Daemon, Warden]]:
    ours, theirs = socket.socketpair()
    for sock in (ours, theirs):
        sock.setblocking(False)
    daemon: Daemon = Channel(ours, reports_decoder())
    warden: Warden = Channel(theirs, orders_decoder())
    yield daemon, warden
    daemon.close()
    warden.close()


def a_spawn(number: int, size: int = 0) -> Spawn:
    return Spawn(number, (b"true", b"x" * size), b"/", {})


def test_orders_and_reports_cross(ends: tuple[Daemon, Warden]) -> None:
    daemon, warden = ends
    daemon.send([Kill(1, hard=True), Kill(2, hard=False)])
    assert warden.receive() == [Kill(1, hard=True), Kill(2, hard=False)]
    warden.send([Started(1, 100)])
    assert daemon.receive() == [Started(1, 100)]


def test_nothing_to_receive_is_no_trouble(ends: tuple[Daemon, Warden]) -> None:
    assert ends[0].receive() == []


def test_descriptors_arrive_in_order_and_are_closed_here(ends: tuple[Daemon, Warden]) -> None:
    daemon, warden = ends
    pipes = [os.pipe() for _ in range(3)]
    daemon.send([a_spawn(number) for number in range(3)], [write for _, write in pipes])
    assert len(warden.receive()) == 3
    for number, descriptor in enumerate(warden.fds):
        os.write(descriptor, b"%d" % number)
    assert [os.read(read, 1) for read, _ in pipes] == [b"0", b"1", b"2"]
    while warden.fds:
        os.close(warden.fds.popleft())
    assert [os.read(read, 1) for read, _ in pipes] == [b"", b"", b""]  # nobody writes any more
    for read, _ in pipes:
        os.close(read)


def test_received_descriptors_are_not_inherited(ends: tuple[Daemon, Warden]) -> None:
    daemon, warden = ends
    daemon.send([a_spawn(1)], [os.open("/dev/null", os.O_RDONLY)])
    warden.receive()
    assert not os.get_inheritable(warden.fds[0])


def test_what_the_socket_does_not_take_waits_in_order(ends: tuple[Daemon, Warden]) -> None:
    daemon, warden = ends
    for number in range(50):
        daemon.send([a_spawn(number, 100_000)])
    assert not daemon.flush()
    received: list[Order] = []
    while len(received) < 50:
        received += warden.receive()
        daemon.flush()
    assert [order.run_id for order in received if isinstance(order, Spawn)] == list(range(50))


def test_a_peer_that_is_gone_is_told(ends: tuple[Daemon, Warden]) -> None:
    daemon, warden = ends
    warden.close()
    with pytest.raises(ChannelClosed):
        daemon.receive()
    with pytest.raises(ChannelClosed):
        daemon.send([Kill(1, hard=True)])


def test_garbage_ends_the_channel(ends: tuple[Daemon, Warden]) -> None:
    daemon, warden = ends
    daemon.sock.send(b"\xff" * 100)
    with pytest.raises(ChannelClosed):
        warden.receive()


def test_what_was_never_sent_or_taken_is_closed(ends: tuple[Daemon, Warden]) -> None:
    daemon, warden = ends
    first, second = (os.open("/dev/null", os.O_RDONLY) for _ in range(2))
    daemon.send([a_spawn(1, 10_000_000)])
    daemon.send([a_spawn(2)], [first])
    daemon.close()
    warden.fds.append(second)
    warden.close()
    for descriptor in (first, second):
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)
