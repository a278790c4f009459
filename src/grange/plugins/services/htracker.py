"""Houdini's tracker of simulations."""

from __future__ import annotations

from typing_extensions import override

from grange.model.ids import afanasys_job
from grange.model.patterns import Command
from grange.plugins.service import Service


class Htracker(Service):
    """Tells the tracker its job. It ends with 1 when it was stopped, which is as good."""

    @override
    def command(self) -> Command:
        """Give the command with the number by which it asks the Afanasy door for its job."""
        command = super().command()
        number = afanasys_job(self.run.job_id)
        if isinstance(command, str):
            return f"{command} -J {number}"
        return (*command, "-J", str(number))

    @override
    def check_exit_status(self, status: int) -> bool:
        """Say whether the tracker has ended well."""
        return status in (0, 1)
