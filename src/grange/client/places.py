"""Where the server is and how it is asked: found without being told, where possible.

First what the caller says, then the environment (GRANGE_SERVER, GRANGE_TOKEN,
GRANGE_FINGERPRINT), then what a server on this machine has written into its state folder,
then `client.toml` in the user's configuration folder, or in the one that GRANGE_CONFIG_DIR
names. A token is only ever sent to the server that it was found beside.
"""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
import platformdirs

from grange.client.errors import NoServer
from grange.model.unreadable import UNREADABLE
from grange.wire.address import is_loopback

SERVER: Final = "GRANGE_SERVER"
TOKEN: Final = "GRANGE_TOKEN"  # noqa: S105 (a variable's name)
FINGERPRINT: Final = "GRANGE_FINGERPRINT"
FINGERPRINT_SIZE: Final = 64  # hex digits of SHA-256
_FOLDERS: Final = ("GRANGE_STATE_DIR", "GRANGE_HOME")  # as the server reads them
_HEX: Final = frozenset("0123456789abcdef")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A server, and how to speak to it."""

    url: str  #: without a path and without a slash at the end
    token: str = ""
    fingerprint: str = ""  #: SHA-256 of its certificate, hex; "" asks the system's CAs
    found: str = "as told"  #: what has named it, for people

    @property
    def watch_url(self) -> str:
        """The address of its WebSockets, without a path."""
        return self.url.replace("http", "ws", 1)


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """What a running server writes into its state folder."""

    url: str
    fingerprint: str = ""
    pid: int = 0


class Configuration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file client.toml."""

    server: str
    token: str = ""
    fingerprint: str = ""


def find(
    server: str | None = None,
    token: str | None = None,
    fingerprint: str | None = None,
    *,
    environment: Mapping[str, str] | None = None,
) -> Place:
    """Find the server.

    Args:
        server: its address, such as https://farm:7420; None to look for one.
        token: shows who asks; None to look for one, "" to show none.
        fingerprint: SHA-256 of the server's certificate, in hex.
        environment: variables; None the process's own.

    Raises:
        NoServer: none is named anywhere, or what names it cannot be used.
    """
    env = os.environ if environment is None else environment
    said = server or env.get(SERVER, "")
    known = [place for place in (_local(env), _configured(env)) if place is not None]
    if said:
        url = _url(said)
        beside = next((place for place in known if place.url == url), None)
        place = Place(
            url=url,
            token=beside.token if beside else "",
            fingerprint=beside.fingerprint if beside else "",
            found="as told" if server else f"by {SERVER}",
        )
    elif known:
        place = known[0]
    else:
        raise NoServer(
            "no server is running here, and none is named: run `grange up`,"
            f" or set {SERVER} and {TOKEN}, or write {configuration_file(env)}"
        )
    return _checked(
        msgspec.structs.replace(
            place,
            token=(env.get(TOKEN, "") or place.token) if token is None else token,
            fingerprint=_pin(fingerprint or env.get(FINGERPRINT, "")) or place.fingerprint,
        )
    )


def state_folder(environment: Mapping[str, str]) -> Path:
    """Give the folder in which a server on this machine keeps its state."""
    named = next((environment[name] for name in _FOLDERS if environment.get(name)), "")
    if named:
        return Path(named).expanduser().absolute()
    return Path(platformdirs.user_data_dir("grange", appauthor=False))


def configuration_file(environment: Mapping[str, str]) -> Path:
    """Give the file in which a user says where the server is."""
    folder = environment.get("GRANGE_CONFIG_DIR", "")
    base = Path(folder) if folder else platformdirs.user_config_path("grange", appauthor=False)
    return base / "client.toml"


def _local(environment: Mapping[str, str]) -> Place | None:
    """The server that runs on this machine by this user, if one does."""
    folder = state_folder(environment)
    path = folder / "server.json"
    try:
        said = msgspec.json.decode(path.read_bytes(), type=Announcement)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None  # none runs, or somebody else's
    except (OSError, *UNREADABLE) as error:
        raise NoServer(f"{path} cannot be read ({error}): start the server again") from error
    return Place(
        url=_url(said.url),
        token=_secret(folder / "admin.token"),
        fingerprint=said.fingerprint,
        found=f"by {path}",
    )


def _configured(environment: Mapping[str, str]) -> Place | None:
    path = configuration_file(environment)
    try:
        text = path.read_text(encoding="utf-8")
        said = msgspec.convert(tomllib.loads(text), Configuration)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise NoServer(f"{path} cannot be used: {error}") from error
    if said.token:
        _refuse_shared(path)
    return Place(
        url=_url(said.server),
        token=said.token,
        fingerprint=_pin(said.fingerprint),
        found=f"by {path}",
    )


def _url(text: str) -> str:
    """An address, in the one way in which we write it."""
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        port = parts.port
    except ValueError as error:
        raise NoServer(f"{text!r} is no address: {error}") from error
    scheme = parts.scheme or ("http" if is_loopback(parts.hostname or "") else "https")
    if scheme not in ("http", "https") or not parts.hostname:
        raise NoServer(f"{text!r} is no server's address; write one such as https://farm:7420")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{scheme}://{host}" + (f":{port}" if port else "")


def _pin(text: str) -> str:
    """A fingerprint, in the one way in which we write it."""
    tight = text.replace(":", "").strip().lower()
    if tight and (len(tight) != FINGERPRINT_SIZE or not set(tight) <= _HEX):
        raise NoServer(
            f"{text!r} is no fingerprint of a certificate: {FINGERPRINT_SIZE} hex digits are"
        )
    return tight


def _checked(place: Place) -> Place:
    parts = urlsplit(place.url)
    if parts.scheme == "http" and place.token and not is_loopback(parts.hostname or ""):
        raise NoServer(
            f"{place.url} is not encrypted: a token would cross the network in the clear;"
            " write https://"
        )
    if parts.scheme == "http" and place.fingerprint:
        raise NoServer(f"{place.url} has no certificate to compare with a fingerprint")
    return place


def _secret(path: Path) -> str:
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise NoServer(f"{path} cannot be read: {error}") from error
    _refuse_shared(path)
    return text


def _refuse_shared(path: Path) -> None:
    if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise NoServer(f"{path} holds a secret and is open to others: run chmod 600 {path}")
