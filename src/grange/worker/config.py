"""Settings of a worker."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Final

import msgspec

from grange.model.machine import PLAIN, MachineSettings
from grange.model.states import Nimby
from grange.plugins.path_rules import platform_of
from grange.plugins.paths import Pair, PathMap

COMMANDS: Final = {
    "reboot": ("systemctl", "reboot"),
    "shutdown": ("systemctl", "poweroff"),
    "sleep": ("systemctl", "suspend"),
}


class WorkerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How one worker runs."""

    server: str  #: such as ws://127.0.0.1:8080 or wss://farm:8443; the path is added
    state_folder: Path  #: its own alone; results and logs that wait for the server
    credential: str = ""  #: secret that names it to the server
    fingerprint: str = ""  #: SHA-256 of its certificate, in hex; "" trusts the system's CAs
    name: str = ""  #: "" the host name
    user: str = ""  #: who owns the machine
    nimby: Nimby | None = None  #: asked for at start; None leaves it as it was
    nice: int = 10  #: of the tasks' processes
    run_as: str = ""  #: user of the tasks' processes; the worker must be root
    allow_root: bool = False  #: tasks may run as root
    allow_preload: bool = False  #: jobs may set LD_PRELOAD and its like
    plugin_folders: tuple[str, ...] = ()  #: of a studio's own services and parsers
    path_map: tuple[Pair, ...] = ()  #: what this machine calls the server's paths
    log_max: int = 16 * 1024 * 1024  #: bytes of one run's log
    machine: MachineSettings = PLAIN  #: as its own settings.toml says
    commands: dict[str, tuple[str, ...]] = msgspec.field(default_factory=lambda: dict(COMMANDS))
    #: what the server's instructions execute; leave one out to forbid it

    @property
    def worker_name(self) -> str:
        """The name it joins with."""
        return self.name or default_name()

    @property
    def paths(self) -> PathMap:
        """The path map of this machine."""
        return PathMap(self.path_map, platform_of(sys.platform))


def default_name() -> str:
    """Name this machine as Afanasy does: its host name in lower case, without the domain."""
    return socket.gethostname().split(".")[0].lower() or "worker"


def to_json(config: WorkerConfig) -> bytes:
    """Write a configuration for a worker process to read."""
    return msgspec.json.encode(config, enc_hook=str)


def from_json(data: bytes) -> WorkerConfig:
    """Read a configuration.

    Raises:
        msgspec.MsgspecError: it is not one.
    """
    return msgspec.json.decode(data, type=WorkerConfig, dec_hook=lambda kind, text: kind(text))
