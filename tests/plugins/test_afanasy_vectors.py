from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grange.model.patterns import named_command
from grange.model.run import RunSpec
from grange.plugins.contract import Context
from grange.plugins.loading import parser_class
from grange.plugins.services.generic import Generic
from tests.plugins.build import a_parser, a_run, read, vectors

SKIPS = 64
FLAGS = {"warning", "error", "badresult", "fatalerror", "finishedsuccess"}


def service_run(given: dict[str, Any], folder: Path) -> RunSpec:
    flags = given.get("block_flags", 1)
    first = given.get("frame_start", 1)
    return a_run(
        command=named_command(given["command_block"], given.get("command_task", "")),
        working_directory=str(folder),
        files=tuple(given.get("files_block", ())),
        frame_first=first,
        frame_last=given.get("frame_finish", first),
        frame_inc=given.get("frame_inc", 1),
        frames_num=given.get("frames_num", 1),
        numeric=bool(flags & 1),
        capacity_coeff=given.get("capacity_coeff", 0),
        skip_existing_files=bool(flags & SKIPS),
        file_size_min=given.get("file_size_min", -1),
    )


@pytest.mark.parametrize("vector", vectors("afanasy_parsers.json"))
def test_a_parser_finds_what_afanasys_own_finds(vector: dict[str, Any], tmp_path: Path) -> None:
    for name in ("img.0001.exr", "img.0002.exr"):
        Path(tmp_path, name).touch()
    kind = parser_class(vector["parser"], ())
    parser = a_parser(kind, tmp_path, vector["input"]["frames_num"])
    expected = vector["output"]["after_each_chunk"]
    for chunk, result in zip(vector["input"]["chunks"], expected, strict=True):
        read(parser, chunk)
        if chunk == "ACTIVITY: no newline":
            result |= {"activity": "no newline"}  # Afanasy loses the last letter
        silent = dict.fromkeys(FLAGS, False) | {"activity": "", "report": "", "resources": ""}
        wanted = silent | result
        assert {key: getattr(parser, key) for key in wanted} == wanted
    assert parser.files == [
        path.format(folder=tmp_path) for path in vector["output"].get("files", [])
    ]


@pytest.mark.parametrize("vector", vectors("afanasy_services.json"))
def test_a_service_prepares_what_afanasys_own_prepares(
    vector: dict[str, Any], tmp_path: Path
) -> None:
    for number in (1, 2, 3):
        Path(tmp_path, f"img.000{number}.exr").write_bytes(bytes(100))
    service = Generic(service_run(vector["input"], tmp_path), Context(work_folder=str(tmp_path)))
    service.hosts = tuple(vector["input"].get("hosts", ()))
    ready = service.prepare()
    wanted = vector["output"]
    assert ready.command == wanted.get("command", ready.command)
    names = wanted.get("files", [])
    assert ready.files == tuple(str(Path(tmp_path, name)) for name in names)
    assert bool(ready.skip) == wanted.get("skip_task", False)
    assert f"Service: {ready.log}" == wanted.get("log", "Service: ").format(folder=tmp_path)
    for status, good in wanted.get("exit_ok", {}).items():
        assert service.check_exit_status(int(status)) == good
