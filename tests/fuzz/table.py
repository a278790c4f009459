"""Every target, by its name."""

from __future__ import annotations

from tests.fuzz.target import Target
from tests.fuzz.targets import (
    af,
    afanasy_answers,
    afanasy_binary,
    afanasy_door,
    cli,
    cli_afanasy,
    disk,
    http,
    machine,
    model,
    outputs,
    paths,
    pyfarm,
    wire,
)

ALL: tuple[Target, ...] = (
    *wire.TARGETS,
    *model.TARGETS,
    *http.TARGETS,
    *outputs.TARGETS,
    *cli.TARGETS,
    *disk.TARGETS,
    *machine.TARGETS,
    *paths.TARGETS,
    *pyfarm.TARGETS,
    *af.TARGETS,
    *cli_afanasy.TARGETS,
    *afanasy_answers.TARGETS,
    *afanasy_binary.TARGETS,
    *afanasy_door.TARGETS,
)
