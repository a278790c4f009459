"""What a job, a block and a task have in common: a table of what is sent."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from grange.af.cgrupathmap import Pathmap
from grange.af.named import checkRegExp


class Described:
    """Something that is described by a table.

    Attributes:
        data: what is sent, by Afanasy's names.
    """

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}

    def _text(self, name: str, text: str, to_server: bool) -> None:
        """Note a text with paths in it."""
        self.data[name] = Pathmap.toServer(text) if to_server else text

    def _pattern(self, name: str, value: str) -> None:
        """Note a pattern, if it can be one."""
        if checkRegExp(value):
            self.data[name] = value

    def _from(self, name: str, value: int, least: int) -> None:
        """Note a number, if it is not below the least one."""
        if value >= least:
            self.data[name] = int(value)

    @staticmethod
    def _there(path: str, to_server: bool) -> str:
        """Give a path as it is sent."""
        return Pathmap.fileToServer(path) if to_server else path


class Programmed(Described):
    """What has a command, files that it makes, and variables for it: a block, a task."""

    def setFiles(self, files: Sequence[str] | str, TransferToServer: bool = True) -> None:
        """Add files that are made: patterns.

        Args:
            files: a list; or one text, with ; between.
            TransferToServer: turn paths into the server's.
        """
        found = files.split(";") if isinstance(files, str) else files
        kept = self.data.setdefault("files", [])
        kept += [self._there(os.fspath(path), TransferToServer) for path in found]

    def setEnv(self, i_name: str, i_value: str, i_transfer_to_server: bool = True) -> None:
        """Set a variable for what is run."""
        value = Pathmap.toServer(str(i_value)) if i_transfer_to_server else str(i_value)
        self.data.setdefault("environment", {})[i_name] = value

    def setCustomData(self, data: str) -> None:
        """Attach a text of your own, such as JSON for services and events."""
        self.data["custom_data"] = data
