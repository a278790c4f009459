"""Results of the real program, which Grange must give as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from grange.model.spec import BlockSpec, TaskSpec

FILE = Path(__file__).parent / "vectors" / "afanasy.json"


def vectors(*names: str) -> list[dict[str, Any]]:
    """The vectors of some names."""
    found = json.loads(FILE.read_text())["vectors"]
    return [item for item in found if item["name"] in names]


def block_of(given: dict[str, Any]) -> BlockSpec:
    """A block as a vector describes it."""
    tasks = tuple(TaskSpec(**item) for item in given.get("tasks", ()))
    step = given.get("frames_inc", 1)
    return BlockSpec(
        command=("true",) if not tasks else (),
        frames="" if tasks else f"{given['frame_first']}-{given['frame_last']}x{step}",
        frames_per_task=given.get("frames_per_task", 1),
        sequential=given.get("sequential", 1),
        tasks=tasks,
        tasks_name=given.get("tasks_name", ""),
    )
