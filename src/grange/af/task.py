"""A task of a block that is not numeric."""

from __future__ import annotations

from grange.af.described import Programmed


class Task(Programmed):
    """One command of its own.

    Args:
        taskname: for people, and in the place of @#@ in the block's `tasks_name`.
    """

    def __init__(self, taskname: str = "") -> None:
        super().__init__()
        self.setName(taskname)

    def setName(self, name: str) -> None:
        """Name it."""
        if name:
            self.data["name"] = name

    def setCommand(self, command: str, TransferToServer: bool = True) -> None:
        """Set what is run, or what goes into the place of @#@ in the block's command."""
        self._text("command", command, TransferToServer)
