"""`grange service`: server and worker as services of systemd."""

from grange.cli.service.commands import commands

__all__ = ["commands"]
