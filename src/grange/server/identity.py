"""What a server shows of itself: its names, its certificate."""

from __future__ import annotations

from grange.server.config import Settings
from grange.server.http import Tls
from grange.server.state_dir import StateDir, fingerprint, own_names
from grange.wire.address import is_loopback


def names(settings: Settings, listen: str) -> list[str]:
    """Names that requests may be meant for.

    Args:
        settings: of the server.
        listen: address at which they come in.
    """
    own = () if is_loopback(listen) else own_names()
    return [*settings.allowed_hosts, *own, *([settings.address] if settings.address else [])]


def certificate(settings: Settings, folder: StateDir) -> tuple[Tls | None, str]:
    """The certificate to show, made where there is none yet, and its fingerprint."""
    if not settings.encrypted:
        return None, ""
    if settings.tls_certificate is not None and settings.tls_key is not None:
        return Tls(settings.tls_certificate, settings.tls_key), fingerprint(
            settings.tls_certificate
        )
    called = [*own_names(), *([settings.address] if settings.address else [])]
    mark = folder.ensure_certificate(called)
    return Tls(folder.certificate, folder.certificate_key), mark
