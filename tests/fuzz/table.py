"""Every target, by its name."""

from __future__ import annotations

from tests.fuzz.target import Target
from tests.fuzz.targets import cli, disk, http, machine, model, outputs, paths, wire

ALL: tuple[Target, ...] = (
    *wire.TARGETS,
    *model.TARGETS,
    *http.TARGETS,
    *outputs.TARGETS,
    *cli.TARGETS,
    *disk.TARGETS,
    *machine.TARGETS,
    *paths.TARGETS,
)
