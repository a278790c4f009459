"""TLS: whom we speak to is known before a byte is sent."""

from __future__ import annotations

import hashlib
import hmac
import ssl

from typing_extensions import override


class CertificateDiffers(ssl.SSLError):
    """The server's certificate is not the one with the fingerprint that we know."""


def context(fingerprint: str) -> ssl.SSLContext:
    """Give what a connection is made with.

    Args:
        fingerprint: SHA-256 of the server's certificate, hex; "" trusts the system's CAs.
    """
    if not fingerprint:
        return ssl.create_default_context()
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    found.check_hostname = False  # the fingerprint says more than a name
    found.verify_mode = ssl.CERT_NONE
    found.sslsocket_class, found.sslobject_class = _pinned(fingerprint)
    return found


def _pinned(fingerprint: str) -> tuple[type[ssl.SSLSocket], type[ssl.SSLObject]]:
    """The two ends of a connection, blocking and not, that end their handshake with a look."""

    class PinnedSocket(ssl.SSLSocket):
        @override
        def do_handshake(self, block: bool = False) -> None:
            super().do_handshake(block)
            _compare(self.getpeercert(binary_form=True), fingerprint)

    class PinnedObject(ssl.SSLObject):
        @override
        def do_handshake(self) -> None:
            super().do_handshake()
            _compare(self.getpeercert(binary_form=True), fingerprint)

    return PinnedSocket, PinnedObject


def _compare(certificate: bytes | None, fingerprint: str) -> None:
    found = hashlib.sha256(certificate or b"").hexdigest()
    if not hmac.compare_digest(found, fingerprint):
        raise CertificateDiffers(f"fingerprint {found}, expected {fingerprint}")
