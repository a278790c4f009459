"""Builders for the tests of plugins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from grange.model.ids import JobId, RunId
from grange.model.run import RunSpec
from grange.plugins.host import Context, TaskPlugin, load
from grange.plugins.parser import Parser

HERE = Path(__file__).parent


def a_run(**changes: Any) -> RunSpec:
    """One frame of the generic service."""
    values: dict[str, Any] = {
        "run_id": RunId(1),
        "job_id": JobId(6),  # 7 to Afanasy's programs
        "block": 2,
        "task": 3,
        "job_name": "job",
        "block_name": "block",
        "task_name": "frame 1",
        "user": "jo",
        "service": "generic",
        "command": "true",
        "frame_first": 1,
        "frame_last": 1,
    }
    return RunSpec(**(values | changes))


def a_plugin(folder: Path, studio: Path | None = None, **changes: Any) -> TaskPlugin:
    """Load a run's plugin with a work folder."""
    folders = () if studio is None else (str(studio),)
    return load(a_run(**changes), Context(work_folder=str(folder), folders=folders))


def a_parser(kind: type[Parser], folder: Path | str = "", frames: int = 1) -> Parser:
    """Make a parser that waits for its first portion."""
    parser = kind()
    parser.start(a_run(frames_num=frames), str(folder))
    return parser


def read(parser: Parser, data: str, mode: str = "RUN") -> Parser:
    """Let a parser read a portion."""
    parser.parse({"data": data, "mode": mode, "pid": 1, "resources": "{}"})
    return parser


def progress(parser: Parser) -> tuple[int, int, int]:
    """Percent, frame and percent of the frame."""
    return parser.percent, parser.frame, parser.percentframe


def output(name: str) -> str:
    """What a program once printed."""
    return Path(HERE, "outputs", name).read_bytes().decode()


def vectors(name: str) -> list[dict[str, Any]]:
    """Recorded inputs and results."""
    found: list[dict[str, Any]] = json.loads(Path(HERE, "vectors", name).read_text())["vectors"]
    return found


def a_studio(folder: Path, kind: str, name: str, source: str) -> Path:
    """Write a studio's own plugin; returns the folder of its plugins."""
    path = Path(folder, "studio", kind, f"{name}.py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    return path.parent.parent
