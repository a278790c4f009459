"""The server's settings: defaults, then the file, then the environment, then the command line."""

from __future__ import annotations

import ipaddress
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
import platformdirs
from msgspec import Meta

from grange.model.machine import PLAIN, MachineSettings
from grange.plugins.path_rules import BadPathMap, PathMapSettings, check
from grange.server.spelling import nearest
from grange.server.wake import split_address
from grange.wire.address import is_loopback

FILE_NAME: Final = "settings.toml"  # in the state folder
PREFIX: Final = "GRANGE_"  # of the environment's names
HOME: Final = "GRANGE_HOME"  # names the state folder, as `state_dir` does

Seconds = Annotated[float, Meta(gt=0)]
Bytes = Annotated[int, Meta(ge=1_024)]
Texts = tuple[str, ...]
#: What a command of a studio's own can be executed at.
Happening = Literal[
    "job-submitted",
    "job-done",
    "job-failed",
    "job-deleted",
    "worker-lost",
    "worker-sick",
    "worker-no-task",
    "worker-overload",
]
Hook = Annotated[Texts, Meta(min_length=1)]  # program and arguments
PersonsRole = Literal["submit", "viewer", "artist", "wrangler", "admin"]


class BadSetting(Exception):
    """A setting is unknown or cannot be as it is; the text says where and what would be right."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a server runs."""

    state_dir: Path  #: folder of the farm's database, logs, keys and settings
    database: str = ""  #: "" a SQLite file in `state_dir`, or a postgresql+psycopg:// address

    listen: str = "127.0.0.1"  #: address to listen at; 0.0.0.0 or :: for all
    #: port; 0 any free one. Unassigned at IANA, below the ports that systems hand out
    port: Annotated[int, Meta(ge=0, le=65_535)] = 7_420
    address: str = ""  #: name or address by which other machines find this one; "" its host name
    tls: bool | None = None  #: None: beyond loopback; false is refused there
    tls_certificate: Path | None = None  #: PEM file with the chain; None our own, self-signed
    tls_key: Path | None = None  #: PEM file of the certificate's key
    allowed_hosts: Texts = ()  #: further names that a request's Host may have
    allowed_origins: Texts = ()  #: further origins of pages, such as https://portal.studio
    body_max_bytes: Bytes = 64 * 1024 * 1024  #: bytes of a request's body
    connections_max: Annotated[int, Meta(ge=16)] = 20_000  #: connections open at once
    stop_max_s: Seconds = 10.0  #: seconds that a stopping server waits for requests under way

    lease_s: Annotated[float, Meta(ge=2)] = 60.0  #: seconds until a silent worker's runs are lost
    heartbeat_s: Annotated[float, Meta(ge=0.1)] = 2.0  #: seconds between a worker's beats
    resources_s: Annotated[float, Meta(ge=1)] = 10.0  #: seconds between a machine's figures
    session_s: Annotated[float, Meta(ge=60)] = 604_800.0  #: seconds that a browser stays signed in
    join_code_s: Annotated[float, Meta(ge=60)] = 3_600.0  #: seconds that a join code is good for
    worker_accept: bool = False  #: whether who has a join code needs no accepting by a person

    #: where packets that wake machines are sent, each with or without a port
    wake_addresses: Texts = ("255.255.255.255",)

    #: commands that are executed when something happens; each is told the story by its input
    event_commands: dict[Happening, Hook] = {}

    afanasy: bool = True  #: whether clients of Afanasy are served, at a port of their own
    afanasy_listen: str = "127.0.0.1"  #: address to listen at for them
    #: their port; 0 any free one. Without a word it is 51000, any free one where `port` is 0,
    #: or none where another program has it
    afanasy_port: Annotated[int, Meta(ge=0, le=65_535)] | None = None
    #: networks whose clients need no password there: they are believed who they say they are
    afanasy_allow: Texts = ("127.0.0.0/8", "::1/128")
    #: file of lines user:realm:digest, as `htdigest` writes them, for clients of other networks
    afanasy_digest_file: Path | None = None
    afanasy_role: PersonsRole = "admin"  #: what all who come in there may do
    afanasy_cgru_folder: Path | None = None  #: a CGRU installation, whose web page is shown there
    afanasy_workers: bool = True  #: whether render nodes of Afanasy may join there

    services_extra: Texts = ()  #: names of services that may be asked for besides those we know
    plugin_folders: Texts = ()  #: folders of a studio's own services and parsers
    path_map: PathMapSettings = PathMapSettings()  #: what machines call the server's paths
    machine: MachineSettings = PLAIN  #: what is set on this machine for its own worker
    worker_run_as: str = ""  #: user of the tasks on this machine's own worker; "" as the server
    worker_allow_root: bool = False  #: whether tasks of this machine's own worker may run as root
    log_level: Literal["debug", "info", "warning", "error"] = "info"  #: least weight of a log line

    @property
    def local_only(self) -> bool:
        """Whether nothing but this machine can reach the server."""
        return is_loopback(self.listen)

    @property
    def encrypted(self) -> bool:
        """Whether it speaks TLS."""
        return not self.local_only if self.tls is None else self.tls

    @property
    def worker_lease_s(self) -> float:
        """The lease a worker is granted: it has ended there before it ends here."""
        return self.lease_s * 0.8


def load(
    options: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """Read the settings.

    Args:
        options: from the command line, by field; None is "not given".
        environment: names such as GRANGE_PORT; lists are separated by commas.

    Raises:
        BadSetting: names the setting, where it was found, and the nearest known one.
    """
    options = {name: value for name, value in (options or {}).items() if value is not None}
    environment = environment or {}
    said = {
        name: environment[PREFIX + name.upper()]
        for name in Settings.__struct_fields__
        if PREFIX + name.upper() in environment
    }
    state_dir = _state_dir(options, said, environment)
    path = state_dir / FILE_NAME
    sources: list[tuple[str, Mapping[str, Any]]] = [
        (str(path), _read(path)),
        ("the environment", {name: _plain(name, text) for name, text in said.items()}),
        ("the command line", options),
    ]
    values: dict[str, Any] = {}
    for where, found in sources:
        _check(found, where, state_dir)
        values |= found
    settings = msgspec.convert(values | {"state_dir": str(state_dir)}, Settings, dec_hook=_path)
    _check_whole(settings)
    return settings


def default_state_dir(environment: Mapping[str, str]) -> Path:
    """The state folder where nobody says otherwise."""
    home = environment.get(HOME, "")
    return Path(home) if home else Path(platformdirs.user_data_dir("grange", appauthor=False))


def _state_dir(
    options: Mapping[str, Any], said: Mapping[str, str], environment: Mapping[str, str]
) -> Path:
    named = options.get("state_dir") or said.get("state_dir")
    path = Path(named) if named else default_state_dir(environment)
    return path.expanduser().absolute()


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"{path} cannot be read: {error}") from error
    try:
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadSetting(f"{path} is not TOML: {error}") from error
    if "state_dir" in found:
        raise BadSetting(f"{path}: state_dir cannot be set in a file of the state folder itself")
    return found


def _plain(name: str, text: str) -> Any:
    """A value out of the environment, in the type that the field wants."""
    kind = Settings.__annotations__[name]
    if kind == "Texts":
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind.startswith("bool"):
        return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(
            text.lower(), text
        )
    if kind.startswith(("Path", "str", "Literal")):
        return text
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


def _path(kind: type, value: object) -> object:
    """Read what the decoder does not know by itself: a path."""
    return kind(value)


def _check(found: Mapping[str, Any], where: str, state_dir: Path) -> None:
    """Find the fault of one source, so that it can be named."""
    for name in found:
        if name not in Settings.__struct_fields__:
            near = nearest(name, Settings.__struct_fields__)
            raise BadSetting(f"{where}: there is no setting {name!r}{near}")
    plain = {
        name: str(value) if isinstance(value, Path) else value for name, value in found.items()
    }
    for name, value in found.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise BadSetting(f"{where}: {name}: a number that is none, or has no end")
    try:
        read = msgspec.convert(plain | {"state_dir": str(state_dir)}, Settings, dec_hook=_path)
        check(read.path_map)
    except BadPathMap as error:
        raise BadSetting(f"{where}: {error}") from error
    except msgspec.ValidationError as error:
        text, _, field = str(error).partition(" - at `$.")
        raise BadSetting(f"{where}: {field.rstrip('`')}: {text}") from error
    except UnicodeEncodeError as error:
        raise BadSetting(f"{where}: {error.object[:100]!r} is no UTF-8") from error


def _check_whole(settings: Settings) -> None:
    if not settings.local_only and not settings.encrypted:
        raise BadSetting(
            f"tls = false with listen = {settings.listen!r}: passwords would cross the network"
            " in the clear; leave tls out, or listen at 127.0.0.1"
        )
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        raise BadSetting("tls_certificate and tls_key go together: set both or none")
    _check_afanasy(settings)
    for address in settings.wake_addresses:
        try:
            split_address(address)
        except ValueError as error:
            text = f"wake_addresses: {address!r} is not an IPv4 address with or without :port"
            raise BadSetting(text) from error
    if settings.worker_lease_s < 2 * settings.heartbeat_s:
        raise BadSetting(
            f"lease_s = {settings.lease_s:g} is too short for heartbeat_s ="
            f" {settings.heartbeat_s:g}: a lease holds at least two and a half beats"
        )


def _check_afanasy(settings: Settings) -> None:
    """Refuse a port for clients of Afanasy at which anybody could do anything."""
    networks = []
    for text in settings.afanasy_allow:
        try:
            networks.append(ipaddress.ip_network(text, strict=False))
        except ValueError as error:
            why = f"afanasy_allow: {text!r} is no network, such as 10.0.0.0/24, and no address"
            raise BadSetting(why) from error
    open_to_others = not all(network.is_loopback for network in networks)
    guarded = open_to_others or settings.afanasy_digest_file is not None
    if settings.afanasy and not is_loopback(settings.afanasy_listen) and not guarded:
        raise BadSetting(
            f"afanasy_listen = {settings.afanasy_listen!r} without a word on who may come in:"
            ' name your network, as in afanasy_allow = ["127.0.0.0/8", "10.0.0.0/24"], or a file'
            " of passwords, as in afanasy_digest_file"
        )
