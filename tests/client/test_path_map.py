from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from grange.client import AsyncClient, Client
from grange.client.errors import UnusablePathMap
from grange.client.path_map import fields_to_server, find, job_to_server, read
from grange.model.spec import BlockSpec, JobSpec, TaskSpec
from grange.plugins.paths import NO_MAP, Pair, PathMap
from tests.client import build
from tests.client.recorded import RecordedServer

PATHS = PathMap((Pair(client="P:/", server="/mnt/p"),), "windows")
JOB = JobSpec(
    name="P:/ is only a name",
    folders={"output": r"P:\show, one\out"},
    command_post=("del", r"P:\tmp"),
    blocks=(
        BlockSpec(
            name="a",
            command=("nuke", "-x", r"P:\my show\a.nk"),
            command_pre=r"mkdir P:\out",
            working_directory=r"P:\my 'show' = x\a",
            files=(r"P:\out\a.@####@.exr",),
            environment={"NUKE_PATH": r"P:\tools;P:\own", "P:/": "1"},
            frames="1-4",
        ),
        BlockSpec(
            name="b",
            command=r"tool P:\a @#@",
            tasks=(TaskSpec(command=r"P:\b", files=(r"P:\c",), environment={"A": r"P:\d"}),),
        ),
    ),
)


def settings(folder: Path, text: str) -> dict[str, str]:
    """An environment whose state folder has such settings."""
    (folder / "settings.toml").write_text(text, encoding="utf-8")
    return {"GRANGE_HOME": str(folder)}


@pytest.mark.proves("render.path_maps.to_server")
def test_every_path_of_a_job_is_turned() -> None:
    job = job_to_server(JOB, PATHS)
    assert (job.name, job.folders) == (JOB.name, {"output": "/mnt/p/show, one/out"})
    assert job.command_post == ("del", "/mnt/p/tmp")
    numeric, named = job.blocks
    assert numeric.command == ("nuke", "-x", "/mnt/p/my show/a.nk")
    assert numeric.command_pre == "mkdir /mnt/p/out"
    assert numeric.working_directory == "/mnt/p/my 'show' = x/a"
    assert numeric.files == ("/mnt/p/out/a.@####@.exr",)
    assert numeric.environment == {"NUKE_PATH": "/mnt/p/tools;/mnt/p/own", "P:/": "1"}
    assert named.command == "tool /mnt/p/a @#@"
    assert named.tasks == (
        TaskSpec(command="/mnt/p/b", files=("/mnt/p/c",), environment={"A": "/mnt/p/d"}),
    )


def test_a_job_without_a_map_stays_as_it_is() -> None:
    assert job_to_server(JOB, NO_MAP) is JOB


def test_fields_that_are_edited_are_turned_and_others_left() -> None:
    fields = {"working_directory": r"P:\a b", "files": [r"P:\c"], "priority": 3, "branch": "P:/"}
    assert fields_to_server(fields, PATHS) == {
        "working_directory": "/mnt/p/a b",
        "files": ("/mnt/p/c",),
        "priority": 3,
        "branch": "P:/",
    }


@pytest.mark.proves("render.path_maps.to_server")
def test_both_clients_send_the_paths_of_the_server(server: RecordedServer) -> None:
    async def submit() -> None:
        async with AsyncClient(server.url, "secret", path_map=PATHS) as farm:
            await farm.submit(JOB)
            await farm.check(JOB)

    server.answer("POST /jobs", {"job_id": 12}, {"job_id": 12})
    server.answer("GET /jobs/12", build.detail(), build.detail())
    plan = {"tasks": 5, "commands": []}
    server.answer("POST /jobs/check", plan, plan)
    with Client(server.url, "secret", path_map=PATHS) as farm:
        farm.submit(JOB)
        farm.check(JOB)
    asyncio.run(submit())
    sent = [seen.json["blocks"][0] for seen in server.seen if seen.method == "POST"]
    assert [block["files"] for block in sent] == [["/mnt/p/out/a.@####@.exr"]] * 4


@pytest.mark.proves("render.path_maps.own_map")
def test_a_client_takes_the_map_of_its_machine(
    server: RecordedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = '[path_map]\nall = [["/home/ada", "/mnt/home/ada"]]'
    monkeypatch.setenv("GRANGE_HOME", settings(tmp_path, rules)["GRANGE_HOME"])
    server.answer("POST /jobs/check", {"tasks": 1, "commands": []})
    with Client(server.url, "secret") as farm:
        farm.check(JobSpec(name="a", blocks=(BlockSpec(working_directory="/home/ada"),)))
    assert server.last.json["blocks"][0]["working_directory"] == "/mnt/home/ada"


@pytest.mark.parametrize("text", ["", "port = 7420", "[path_map]"])
def test_nobody_has_to_have_a_map(tmp_path: Path, text: str) -> None:
    assert find(settings(tmp_path, text)).pairs == ()


def test_a_machine_without_a_state_folder_has_no_map(tmp_path: Path) -> None:
    assert find({"GRANGE_HOME": str(tmp_path / "none")}).pairs == ()


def test_the_map_of_another_system_can_be_looked_at(tmp_path: Path) -> None:
    environment = settings(tmp_path, """[path_map]\nwindows = [['P:\\', "/mnt/p"]]""")
    assert find(environment, platform="windows").to_server(r"P:\a") == "/mnt/p/a"
    assert find(environment, platform="macos") == PathMap((), "macos")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[path_map", "cannot be read"),
        ("path_map = 3", "path_map: Expected `object`"),
        ("[path_map]\nwindow = []", "path_map: .*`window`"),
        ('[path_map]\nall = ["/a"]', r"path_map: Expected `array`, got `str`.*all\[0\]"),
        (
            '[path_map]\nlinux = [["a", "/b"]]',
            r"rule linux 1, .* is not absolute: begin it with /",
        ),
    ],
)
def test_a_map_that_cannot_be_used_says_where_and_why(
    tmp_path: Path, text: str, said: str
) -> None:
    settings(tmp_path, text)
    with pytest.raises(UnusablePathMap, match=rf"settings\.toml.*{said}"):
        read(tmp_path / "settings.toml")
