"""The packet that wakes a machine."""

from __future__ import annotations

import socket

import pytest

from grange.server.wake import magic_packet, split_address, wake

MAC = "02:42:AC:11:00:02"
PACKET = b"\xff" * 6 + bytes.fromhex("0242ac110002") * 16


def test_the_packet_is_six_times_ff_and_sixteen_times_the_address() -> None:
    assert magic_packet(MAC) == magic_packet("02-42-ac-11-00-02") == PACKET


@pytest.mark.parametrize("mac", ["", "02:42", "zz:42:ac:11:00:02", MAC + ":01"])
def test_what_is_no_address_is_refused(mac: str) -> None:
    with pytest.raises(ValueError, match=r"address|hexadecimal"):
        magic_packet(mac)


def test_an_address_may_have_a_port() -> None:
    assert split_address("10.0.0.255") == ("10.0.0.255", 9)
    assert split_address("10.0.0.255:7") == ("10.0.0.255", 7)
    with pytest.raises(ValueError, match="invalid literal"):
        split_address("10.0.0.255:x")


@pytest.mark.parametrize("port", ["0", "-1", "65536"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(ValueError, match="not a port"):
        split_address(f"10.0.0.255:{port}")


@pytest.mark.proves("render.states.wol_waking")
def test_each_interface_gets_its_packet_and_what_has_no_address_is_left_out() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(5)
        port = listener.getsockname()[1]
        wake(["", "80:00:02:08:fe:80", MAC], [f"127.0.0.1:{port}"])
        assert listener.recv(1_000) == magic_packet("80:00:02:08:fe:80")
        assert listener.recv(1_000) == PACKET


def test_an_address_that_cannot_be_sent_to_is_told(caplog: pytest.LogCaptureFixture) -> None:
    wake([MAC], ["no.such.host.invalid"])
    assert "no machine can be woken by no.such.host.invalid" in caplog.text
