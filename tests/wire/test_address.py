"""Addresses of machines."""

from __future__ import annotations

import pytest

from grange.wire.address import is_loopback, url


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "127.0.0.1", "127.8.8.8", "[::1]"])
def test_loopback_is_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "10.0.0.1", "localhost.evil.org", "127.1x"])
def test_everything_else_may_be_another(host: str) -> None:
    assert not is_loopback(host)


def test_an_url_has_scheme_host_and_port() -> None:
    assert url("::1", 7420, encrypted=True) == "https://[::1]:7420"
