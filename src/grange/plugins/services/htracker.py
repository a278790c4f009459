"""Houdini's tracker of simulations."""

from __future__ import annotations

from typing_extensions import override

from grange.model.patterns import Command
from grange.plugins.service import Service


class Htracker(Service):
    """Tells the tracker its job. It ends with 1 when it was stopped, which is as good."""

    @override
    def command(self) -> Command:
        """Give the command with the job's id."""
        command = super().command()
        if isinstance(command, str):
            return f"{command} -J {self.run.job_id}"
        return (*command, "-J", str(self.run.job_id))

    @override
    def check_exit_status(self, status: int) -> bool:
        """Say whether the tracker has ended well."""
        return status in (0, 1)
