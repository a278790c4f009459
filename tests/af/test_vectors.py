"""What CGRU's own module makes of the same calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from grange import af
from grange.af import afcommon
from tests.af.server import RecordedAfanasy

FILE = Path(__file__).parent / "vectors" / "afanasy_scripts.json"
VECTORS: list[dict[str, Any]] = json.loads(FILE.read_text())["vectors"]
CALLS = [item for item in VECTORS if item["name"].startswith("cmd_")]
REQUESTS = [item for item in CALLS if isinstance(item["output"], dict)]
PATTERNS = [item for item in VECTORS if item["name"] == "pattern"]


def sent(server: RecordedAfanasy, call: str) -> Any:
    task = af.Task("t1")
    task.setCommand("nuke -x a.nk")
    task.setFiles(["/mnt/prj/o.mov"])
    eval(f"af.Cmd().{call}", {"af": af, "t": task})  # calls of ours, from a file of ours
    return server.last


@pytest.mark.parametrize("vector", REQUESTS, ids=lambda item: item["input"]["call"])
def test_a_call_sends_what_the_original_sends(
    vector: dict[str, Any], at_server: RecordedAfanasy
) -> None:
    assert sent(at_server, vector["input"]["call"]) == vector["output"]


def test_a_monitor_is_registered_where_the_original_breaks(at_server: RecordedAfanasy) -> None:
    at_server.usual = {"monitor": {"id": 7}}
    assert {item["input"]["call"] for item in CALLS if item not in REQUESTS} == {
        "monitorRegister()"
    }
    assert af.Cmd().monitorRegister() == 7
    assert at_server.last == {
        "monitor": {"user_name": "artist", "host_name": "vm", "engine": "python"}
    }


@pytest.mark.parametrize("vector", PATTERNS, ids=lambda item: str(item["input"]))
def test_a_pattern_is_made_as_the_original_makes_it(vector: dict[str, Any]) -> None:
    make = getattr(afcommon, vector["module"].partition(":")[2])
    assert make(*vector["input"].values()) == vector["output"]


def test_a_files_name_is_filtered_as_the_original_does() -> None:
    (vector,) = (item for item in VECTORS if item["name"] == "filter")
    assert afcommon.filterFileName(vector["input"]["name"]) == vector["output"]


def test_a_job_with_every_setter_is_what_the_original_sends(at_server: RecordedAfanasy) -> None:
    (vector,) = (item for item in VECTORS if item["name"] == "job_json")
    wanted = vector["output"]["job"]
    job = whole_job()
    job.data["time_creation"] = wanted["time_creation"]
    at_server.usual = {"id": 3, "serial": 9}
    assert job.send() == (True, {"id": 3, "serial": 9})
    assert at_server.last == {"job": wanted}


def whole_job() -> af.Job:
    job = af.Job("My Job")
    job.setUserName("Artist")
    job.setPriority(50)
    job.setMaxRunningTasks(10)
    job.setMaxRunTasksPerHost(2)
    job.setHostsMask("r.*")
    job.setHostsMaskExclude("bad.*")
    job.setDependMask("other.*")
    job.setDependMaskGlobal("glob.*")
    job.setNeedOS("linux")
    job.setNeedProperties("gpu")
    job.setCmdPre("pre")
    job.setCmdPost("post")
    job.setAnnotation("note")
    job.setFolder("output", "/mnt/prj/out")
    job.setTimeLife(3600)
    job.setPPApproval()
    job.setPools({"/p1": 50})
    job.blocks += [render_block(), comp_block()]
    return job


def render_block() -> af.Block:
    block = af.Block("render", "blender")
    block.setCapacity(500)
    block.setWorkingDirectory("/mnt/prj")
    block.setNumeric(1, 100, 5)
    block.setCommand("blender -b a.blend -s @#@ -e @#@ -a")
    block.setFiles(["/mnt/prj/out/img.@####@.png"])
    block.setTasksName("chunk @#@-@#@")
    block.setNeedMemory(4096)
    block.setNeedHDD(10)
    block.setNeedPower(3)
    block.setErrorsRetries(2)
    block.setErrorsAvoidHost(1)
    block.setErrorsTaskSameHost(1)
    block.setErrorsForgiveTime(100)
    block.setTasksMaxRunTime(1000)
    block.setTaskMinRunTime(5)
    block.setTaskProgressChangeTimeout(60)
    block.setEnv("A", "1")
    block.addTicket("LIC", 2)
    block.setSequential(10)
    block.setCmdPost("bpost")
    block.skipExistingFiles(10, 1000)
    block.checkRenderedFiles(10, 1000)
    return block


def comp_block() -> af.Block:
    block = af.Block("comp", "nuke")
    block.setWorkingDirectory("/mnt/prj")
    block.setDependMask("render")
    task = af.Task("t1")
    task.setCommand("nuke -x a.nk")
    task.setFiles(["/mnt/prj/o.mov"])
    block.tasks.append(task)
    return block
