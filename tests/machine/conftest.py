"""Profiles of the machines; see `depth`."""

from __future__ import annotations

from tests.machine.depth import register

register()
