"""Paths of this machine become the server's when they are submitted."""

from __future__ import annotations

from pathlib import Path

import pytest

from grange import af
from grange.af import cgruconfig


@pytest.fixture(autouse=True)
def _map() -> None:
    cgruconfig.VARS["pathsmap"] = [["/home/ada/prj", "/mnt/prj"], ["/s p/", "X:/"]]


def test_every_text_of_a_job_is_turned() -> None:
    job = af.Job()
    job.setCmdPost("rm /home/ada/prj/x")
    job.setCmdPre("ls /home/ada/prj")
    job.setFolder("output", "/home/ada/prj/out")
    job.setBranch("/home/ada/prj")
    assert job.data["command_post"] == "rm /mnt/prj/x"
    assert job.data["command_pre"] == "ls /mnt/prj"
    assert job.data["folders"] == {"output": "/mnt/prj/out"}
    assert job.data["branch"] == "/mnt/prj"
    job.setPostDeleteFiles("/home/ada/prj/t")
    assert job.data["command_post"] == 'deletefiles "/mnt/prj/t"'


def test_every_text_of_a_block_and_a_task_is_turned() -> None:
    block = af.Block()
    block.setWorkingDirectory("/s p/shot, 1")
    block.setCommand("nuke -x /home/ada/prj/a.nk,/home/ada/prj/b.nk")
    block.setFiles(["/home/ada/prj/o.@#@.exr"])
    block.setEnv("OCIO", "/home/ada/prj/c.ocio")
    task = af.Task()
    task.setCommand("/home/ada/prj/run")
    assert block.data["working_directory"] == "X:/shot, 1"
    assert block.data["command"] == "nuke -x /mnt/prj/a.nk,/mnt/prj/b.nk"
    assert block.data["files"] == ["/mnt/prj/o.@#@.exr"]
    assert block.data["environment"] == {"OCIO": "/mnt/prj/c.ocio"}
    assert task.data["command"] == "/mnt/prj/run"


def test_what_is_the_servers_already_can_be_left_alone() -> None:
    block = af.Block()
    block.setCommand("/home/ada/prj/run", TransferToServer=False)
    block.setFiles(["/home/ada/prj/o"], False)
    block.setWorkingDirectory("/home/ada/prj", False)
    assert block.data["command"] == block.data["files"][0][:-1] + "run"
    assert block.data["working_directory"] == "/home/ada/prj"


def test_paths_are_turned_back() -> None:
    assert af.Pathmap.toClient("X:/a /mnt/prj/b") == "/s p/a /home/ada/prj/b"


def test_what_is_turned_is_shown_to_who_asks(capsys: pytest.CaptureFixture[str]) -> None:
    af.Pathmap.toServer("/home/ada/prj/a", True)
    assert capsys.readouterr().out == "Paths mapped:\n/home/ada/prj/a\n/mnt/prj/a\n"


def test_rules_of_grange_hold_after_those_of_cgru(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRANGE_HOME", str(tmp_path))
    rules = '[path_map]\nall = [["/home/ada", "/users"]]\n'
    (tmp_path / "settings.toml").write_text(rules)
    assert af.Pathmap.toServer("/home/ada/prj/a /home/ada/b") == "/mnt/prj/a /users/b"


def test_rules_that_cannot_be_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cgruconfig.VARS["pathsmap"] = [["/only one"], ["/a", "/b"]]
    monkeypatch.setenv("GRANGE_HOME", str(tmp_path))
    (tmp_path / "settings.toml").write_text("[path_map\n")
    assert af.Pathmap.toServer("/a/x") == "/b/x"
    said = capsys.readouterr().err
    assert "rule 1 of pathsmap is not [client, server]" in said
    assert str(tmp_path / "settings.toml") in said
