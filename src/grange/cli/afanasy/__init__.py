"""`grange afanasy`: what CGRU's own programs say to an Afanasy server, said without CGRU."""

from __future__ import annotations

from grange.cli.afanasy import cmd, job, send
from grange.cli.afanasy.group import commands

__all__ = ["cmd", "commands", "job", "send"]
