"""Put a machine to sleep, or wake it."""

from __future__ import annotations

from typing import Final

import msgspec
from typing_extensions import override

from grange.model.patterns import Command
from grange.plugins.contract import PluginError
from grange.plugins.service import Service

SLEEP: Final = "SLEEP"  # the working directory, when the machine is to sleep; any other: wake it


class _Address(msgspec.Struct, frozen=True):
    ip: str = ""


class _Network(msgspec.Struct, frozen=True):
    mac: str


class _Machine(msgspec.Struct, frozen=True):
    name: str
    address: _Address = _Address()
    netifs: list[_Network] = []


class Wakeonlan(Service):
    """Makes the command of the machine that its task describes, in JSON."""

    @override
    def working_directory(self) -> str:
        """Give the run's own folder: the one that is asked for is a word."""
        return self.context.work_folder

    @override
    def command(self) -> Command:
        """Call the farm's tool for it."""
        told = self.run.command
        try:
            machine = msgspec.json.decode(
                told if isinstance(told, str) else " ".join(told), type=_Machine
            )
        except msgspec.DecodeError as fault:
            raise PluginError(f"the command must describe a machine in JSON: {fault}") from None
        sleep = self.run.working_directory == SLEEP
        return (
            *(("wolsleep", "--sleep") if sleep else ("wolwake", "--wake")),
            *("--ip", machine.address.ip, "--hostname", machine.name),
            *(network.mac.replace(":", "") for network in machine.netifs),
        )
