"""What a stage stands on: its folder, its history, its processes, a way to ask its server."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from chaos.history import Did, Entry, History, Note
from chaos.processes import Process, Processes, free_port
from grange.client import Client

#: Of the server, unless a scenario says otherwise. Short leases make short tries.
SETTINGS: Final = {"lease_s": 3.0, "heartbeat_s": 0.2, "resources_s": 1.0, "stop_max_s": 2.0}
ASK_S: Final = 5.0  # for one answer of a server that may be stopped
SERVER: Final = "server"


class Ground:
    """Holds what the parts of a stage share.

    Args:
        folder: of this try; made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "farm"
        self.log = folder / "farm.log"
        (folder / "locks").mkdir(parents=True, exist_ok=True)
        self.history = History(folder / "history.jsonl")
        self.processes = Processes()
        self.port = free_port()
        self.settings: dict[str, Any] = {
            "state_dir": str(self.state),
            "port": self.port,
            "worker_allow_root": True,
            **SETTINGS,
        }
        self.server: Process | None = None
        self.workers: dict[str, Process] = {}
        self.kills = 0
        self.url = f"http://127.0.0.1:{self.port}"
        self.fingerprint = ""

    def client(self, patience_s: float = 0.0) -> Client:
        """A client that is the farm's owner's."""
        token = (self.state / "admin.token").read_text(encoding="ascii").strip()
        return Client(
            self.url, token, fingerprint=self.fingerprint, timeout_s=ASK_S, patience_s=patience_s
        )

    def did(self, what: str, to: str, *, pid: int = 0, note: str = "") -> None:
        """Note what was done."""
        self.history.write(Did(what=what, to=to, pid=pid, note=note))

    def note(self, text: str) -> None:
        """Note something for people."""
        self.history.write(Note(text=text))

    def write(self, event: Entry) -> None:
        """Note any event."""
        self.history.write(event)

    def said(self) -> str:
        """What the farm's processes have written."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""
