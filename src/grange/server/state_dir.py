"""The state folder: what a first start makes, and where each thing lies."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import socket
import ssl
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import msgspec

from grange.server.secret import ADMIN_ID, new_token
from grange.wire.address import is_loopback

FARM_KEY_BYTES: Final = 32


class StateDirUnsafe(Exception):
    """The state folder, or a secret in it, is open to others, or is not what it should be."""


class Whereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """Where a running server is to be found; the file is there only while it runs."""

    url: str
    fingerprint: str = ""  #: SHA-256 of its certificate, hex; "" where it speaks without TLS
    pid: int
    afanasy: str = ""  #: host:port for clients of Afanasy; "" they are not served


class StateDir:
    """A farm's folder, on its own disk, for its owner alone.

    Args:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.admin_token = path / "admin.token"  # what the command line reads
        self.whereabouts = path / "server.json"
        self.certificate = path / "tls.crt"
        self.certificate_key = path / "tls.key"
        self.database = path / "farm.db"
        self._farm_key = path / "farm.key"

    @classmethod
    def prepare(cls, path: Path) -> StateDir:
        """Make the folder and its secrets where they are missing; safe to repeat.

        Raises:
            StateDirUnsafe: others may read it, or it belongs to somebody else.
        """
        folder = cls(path)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not any(path.iterdir()):
            path.chmod(0o700)  # somebody has just made it for us
        _refuse_shared(path)
        _make(folder._farm_key, lambda: secrets.token_bytes(FARM_KEY_BYTES))
        _make(folder.admin_token, lambda: f"{new_token(ADMIN_ID)}\n".encode())
        return folder

    def farm_key(self) -> bytes:
        """The key that signs the browsers' sessions."""
        return _secret(self._farm_key)

    def admin_secret(self) -> str:
        """The token of the owner of the folder."""
        return _secret(self.admin_token).decode("ascii", errors="replace").strip()

    def ensure_certificate(self, hosts: Iterable[str]) -> str:
        """Make the self-signed certificate where it is missing. Returns its fingerprint.

        Args:
            hosts: names and addresses by which the server is called.
        """
        if not (self.certificate.exists() and self.certificate_key.exists()):
            from grange.server.certificate import self_signed  # needed once in a farm's life

            certificate, key = self_signed(hosts)
            _write(self.certificate_key, key)
            _write(self.certificate, certificate)
        _refuse_shared(self.certificate_key)
        return fingerprint(self.certificate)

    def announce(self, where: Whereabouts) -> None:
        """Say where the server is to be found."""
        _write(self.whereabouts, msgspec.json.encode(where))

    def withdraw(self) -> None:
        """Say that no server runs any more."""
        with contextlib.suppress(FileNotFoundError):
            self.whereabouts.unlink()


def fingerprint(certificate: Path) -> str:
    """SHA-256 over the first certificate of a PEM file in DER form, as hex."""
    text = certificate.read_text(encoding="ascii", errors="replace")
    begin, end = text.index(ssl.PEM_HEADER), text.index(ssl.PEM_FOOTER)
    first = ssl.PEM_cert_to_DER_cert(text[begin : end + len(ssl.PEM_FOOTER)])
    return hashlib.sha256(first).hexdigest()


def own_names() -> tuple[str, ...]:
    """Names by which other machines may call this one."""
    names = (socket.gethostname(), socket.getfqdn())
    return tuple(dict.fromkeys(name.lower() for name in names if name))


def outer_name() -> str:
    """The name or address by which other machines best reach this one. May ask the DNS.

    A name that means loopback on this machine, as Debian writes it into /etc/hosts, may mean
    nothing elsewhere: then it is the address that packets leave from.
    """
    for name in own_names():
        with contextlib.suppress(OSError):
            found = {str(item[4][0]) for item in socket.getaddrinfo(name, None)}
            if not any(is_loopback(address) for address in found):
                return name
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # an address for documentation; nothing is sent
        return str(probe.getsockname()[0])
    return own_names()[0]


def _refuse_shared(path: Path) -> None:
    if os.name != "posix":
        return  # a profile's folder is its owner's alone there, by its access list
    found = path.stat()
    if found.st_uid != os.getuid():
        raise StateDirUnsafe(f"{path} belongs to user {found.st_uid}, not to {os.getuid()}")
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        mode = "700" if path.is_dir() else "600"
        raise StateDirUnsafe(f"{path} is open to others: run chmod {mode} {path}")


def _make(path: Path, content: Callable[[], bytes]) -> None:
    if not path.exists():
        _write(path, content())


def _secret(path: Path) -> bytes:
    _refuse_shared(path)
    return path.read_bytes()


def _write(path: Path, content: bytes) -> None:
    """Put a file there, whole or not at all, for its owner only."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(file, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
