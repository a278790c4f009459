from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from grange.model.patterns import Command, named_command
from grange.model.run import RunSpec
from grange.plugins.contract import Context
from grange.plugins.loading import parser_class, service_class
from tests.plugins.build import a_parser, a_run, read, vectors
from tests.plugins.test_programs import executable

NUMERIC, NO_THUMBNAILS, SKIPS = 1, 32, 64
FLAGS = {"warning", "error", "badresult", "fatalerror", "finishedsuccess"}


def service_run(given: dict[str, Any], folder: Path) -> RunSpec:
    flags = given.get("block_flags", NUMERIC)
    first = given.get("frame_start", 1)
    return a_run(
        command=named_command(given.get("command_block", ""), given.get("command_task", "")),
        working_directory=given.get("wdir", str(folder)),
        files=tuple(given.get("files_block", ())),
        frame_first=first,
        frame_last=given.get("frame_finish", first),
        frame_inc=given.get("frame_inc", 1),
        frames_num=given.get("frames_num", 1),
        numeric=bool(flags & NUMERIC),
        capacity_coeff=given.get("capacity_coeff", 0),
        skip_thumbnails=bool(flags & NO_THUMBNAILS),
        skip_existing_files=bool(flags & SKIPS),
        file_size_min=given.get("file_size_min", -1),
        job_name=given.get("job_name", "job"),
        user=given.get("user_name", "jo"),
    )


PARSERS = vectors("afanasy_parsers.json")


@pytest.mark.parametrize("vector", PARSERS, ids=lambda vector: str(vector["parser"]))
def test_a_parser_finds_what_afanasys_own_finds(vector: dict[str, Any], tmp_path: Path) -> None:
    for name in ("img.0001.exr", "img.0002.exr"):
        Path(tmp_path, name).touch()
    kind = parser_class(vector["parser"], ())
    parser = a_parser(kind, tmp_path, vector["input"]["frames_num"])
    mended = vector.get("mended", {"after": {}})["after"]
    silent = dict.fromkeys(FLAGS, False) | {"activity": "", "report": "", "resources": ""}
    for number, chunk in enumerate(vector["input"]["chunks"]):
        read(parser, chunk.format(folder=tmp_path) if "{folder}" in chunk else chunk)
        result = vector["output"]["after_each_chunk"][number]
        wanted = silent | result | mended.get(str(number), {})
        assert {key: getattr(parser, key) for key in wanted} == wanted
    assert parser.files == [
        path.format(folder=tmp_path) for path in vector["output"].get("files", [])
    ]


@pytest.mark.parametrize("vector", [vector for vector in PARSERS if "mended" in vector])
def test_what_is_mended_differs_from_afanasys(vector: dict[str, Any]) -> None:
    for number, wanted in vector["mended"]["after"].items():
        result = vector["output"]["after_each_chunk"][int(number)]
        assert all(result[key] != value for key, value in wanted.items())


@pytest.mark.proves("render.services.frames", "render.services.paths")
@pytest.mark.parametrize("vector", vectors("afanasy_services.json"))
def test_a_service_prepares_what_afanasys_own_prepares(
    vector: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable(tmp_path / "bin" / "vray")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for number in (1, 2, 3):
        Path(tmp_path, f"img.000{number}.exr").write_bytes(bytes(100))
    kind = service_class(vector["service"], ())
    service = kind(service_run(vector["input"], tmp_path), Context(work_folder=str(tmp_path)))
    service.hosts = tuple(vector["input"].get("hosts", ()))
    ready = service.prepare()
    wanted = vector["output"] | vector.get("mended", {"output": {}})["output"]
    assert words(ready.command) == words(wanted.get("command", ready.command))
    names = wanted.get("files", [])
    assert ready.files == tuple(str(Path(tmp_path, name)) for name in names)
    assert bool(ready.skip) == wanted.get("skip_task", False)
    said = f"Service: {ready.log}" if ready.log else ""
    assert said == (wanted.get("log") or said).format(folder=tmp_path)
    for status, good in wanted.get("exit_ok", {}).items():
        assert service.check_exit_status(int(status)) == good
    if "post_commands" in wanted:
        shown = [words(command)[2].format(folder=tmp_path) for command in wanted["post_commands"]]
        assert service.thumbnails((), ready.files) == tuple(shown)


def words(command: Command) -> list[str]:
    """A command of ours may be a list where Afanasy's was a shell's line."""
    found = shlex.split(command) if isinstance(command, str) else list(command)
    return [Path(word).name if word.endswith("/bin/vray") else word for word in found]
