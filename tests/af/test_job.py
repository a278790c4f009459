"""Jobs, blocks and tasks: what is sent, and what a script is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from grange import af
from grange.af import cgruconfig
from tests.af.server import RecordedAfanasy


def block(name: str = "b", service: str = "generic") -> af.Block:
    found = af.Block(name, service)
    found.setWorkingDirectory("/p")
    return found


def sent(server: RecordedAfanasy, *blocks: af.Block, **data: Any) -> Any:
    job = af.Job("j")
    job.blocks += blocks
    job.data |= data
    server.usual = {"id": 1, "serial": 1}
    assert job.send()[0]
    return server.last["job"]


def test_a_job_says_whose_it_is_and_where_it_comes_from() -> None:
    data = af.Job().data
    assert (data["user_name"], data["host_name"]) == ("artist", "vm")
    assert (data["name"], data["priority"]) == ("noname", 99)


def test_folders_and_a_branch_are_filled_in_where_nobody_has_set_any(
    at_server: RecordedAfanasy,
) -> None:
    one, two = block("one"), block("two")
    two.setFiles(["out/a.@#@.png", "other/b.png"])
    job = sent(at_server, one, two)
    assert (job["folders"], job["branch"]) == ({"two": "/p/out"}, "/p")


@pytest.mark.parametrize("name", ["output", "input"])
def test_the_branch_is_the_output_else_the_input(at_server: RecordedAfanasy, name: str) -> None:
    assert sent(at_server, block(), folders={name: "/f"})["branch"] == "/f"


def test_sending_leaves_the_job_as_it_was(at_server: RecordedAfanasy) -> None:
    job = af.Job("j")
    job.blocks.append(block())
    before = json.dumps(job.data)
    at_server.usual = {"id": 1, "serial": 1}
    job.send()
    del job.data["blocks"]
    assert json.dumps(job.data) == before


def test_a_job_without_blocks_is_not_sent(capsys: pytest.CaptureFixture[str]) -> None:
    assert af.Job("j").send() == (False, None)
    assert capsys.readouterr().err == "Error: Job has no blocks\n"


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        ({"id": 0, "error": "blocks[0].flags: no"}, "blocks[0].flags: no"),
        ({"info": {"kind": "error", "text": "Invalid action."}}, "Invalid action."),
        (None, "the server answers None"),
    ],
)
def test_a_job_that_is_refused_is_false_with_the_servers_sentence(
    at_server: RecordedAfanasy, reply: Any, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    at_server.usual = reply
    job = af.Job("j")
    job.blocks.append(block())
    assert job.send() == (False, None)
    assert capsys.readouterr().err == f"Error: the job was not taken: {sentence}\n"


def test_a_job_may_name_its_server(server: RecordedAfanasy) -> None:
    server.usual = {"id": 5, "serial": 6}
    job = af.Job("j", host=server.address.host, port=server.address.port)
    job.blocks.append(block())
    assert job.send() == (True, {"id": 5, "serial": 6})
    other = af.Job("j")
    other.setHost(server.address.host)
    other.setPort(server.address.port)
    other.blocks.append(block())
    assert other.send()[0]


def test_output_prints_what_is_sent(capsys: pytest.CaptureFixture[str]) -> None:
    job = af.Job("j")
    job.blocks.append(block())
    job.output()
    assert json.loads(capsys.readouterr().out) == job.data
    job.output(full=True)
    assert json.loads(capsys.readouterr().out)["branch"] == "/p"


def test_a_priority_is_clamped_with_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    job = af.Job()
    job.setPriority(300)
    job.setPriority(-1)
    assert job.data["priority"] == 250
    assert "clamped to maximum = 250" in capsys.readouterr().err


def test_all_other_setters_of_a_job() -> None:
    job = af.Job()
    before = set(job.data)
    job.setDescription("d")
    job.setProject("p")
    job.setDepartment("comp")
    job.setCustomData("{}")
    job.setWaitTime(4e9)
    job.setBranch("/b")
    job.tryTask(0, 3)
    job.tryTask(1, 4)
    job.setMaintenance()
    job.setIgnoreNimby()
    job.setIgnorePaused()
    job.setNeedMemory(1)
    job.setPostDeleteFiles("/p/a b.blend")
    job.setPostDeleteFiles("/p/c")
    job.offLine()
    assert {name: job.data[name] for name in set(job.data) - before} == {
        "description": "d",
        "project": "p",
        "department": "comp",
        "custom_data": "{}",
        "time_wait": 4_000_000_000,
        "branch": "/b",
        "try_this_blocks_num": [0, 1],
        "try_this_tasks_num": [3, 4],
        "maintenance": True,
        "ignorenimby": True,
        "ignorepaused": True,
        "need_memory": 1,
        "command_post": 'deletefiles "/p/a b.blend" "/p/c"',
        "offline": True,
    }


def test_what_says_nothing_is_not_sent() -> None:
    job = af.Job()
    before = dict(job.data)
    job.setUserName("")
    job.setProject(None)
    job.setDepartment("")
    job.setWaitTime(1)
    job.setTimeLife(-1)
    job.setHostsMask("")
    job.setMaxRunningTasks(-1)
    assert job.data == before


@pytest.mark.parametrize("pause", ["pause", "setPaused", "setOffline", "offline", "offLine"])
def test_every_word_for_pausing_pauses(pause: str) -> None:
    job = af.Job()
    getattr(job, pause)()
    assert job.data["offline"] is True


def test_a_job_can_be_bound_to_a_system_and_freed() -> None:
    job = af.Job()
    job.setNativeOS()
    assert job.data["need_os"] == cgruconfig.VARS["platform"][-1]
    job.setNeedOS("")
    assert job.data["need_os"] == ""


def test_a_pattern_that_cannot_be_one_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    job = af.Job()
    job.setDependMask("(")
    assert "depend_mask" not in job.data
    assert 'Invalid regular expression pattern "("' in capsys.readouterr().err


def test_all_other_setters_of_a_block() -> None:
    found = block()
    before = set(found.data)
    found.setVariableCapacity(1, 4)
    found.setNeedGPUMemGB(1.5)
    found.setNeedCPUFreqGHz(2.4)
    found.setNeedCPUCores(8)
    found.setNeedCPUFreqCores(19.2)
    found.setNeedProperties("cuda")
    found.setTasksDependMask("sim")
    found.setParserCoeff(2)
    found.setFramesPerTask(-4)
    found.setNonSequential()
    found.setCmdPre("pre")
    found.setPools({"/gpu": 100})
    found.setCustomData("x")
    assert {name: found.data[name] for name in set(found.data) - before} == {
        "capacity_coeff_min": 1,
        "capacity_coeff_max": 4,
        "need_gpu_mem_mb": 1536,
        "need_cpu_freq_mgz": 2400,
        "need_cpu_cores": 8,
        "need_cpu_freq_cores": 19200,
        "need_properties": "cuda",
        "tasks_depend_mask": "sim",
        "parser_coeff": 2,
        "frames_per_task": -4,
        "sequential": 0,
        "command_pre": "pre",
        "pools": {"/gpu": 100},
        "custom_data": "x",
    }


@pytest.mark.parametrize(
    ("call", "bits"),
    [
        ("setNumeric", 1),
        ("setDependSubTask", 16),
        ("skipThumbnails", 32),
        ("skipExistingFiles", 64),
        ("checkRenderedFiles", 128),
        ("setTasksSuspended", 1024),
    ],
)
def test_flags_have_their_bits(call: str, bits: int) -> None:
    found = block()
    getattr(found, call)()
    assert found.data["flags"] == bits
    assert "file_size_min" not in found.data


def test_a_task_may_take_several_hosts(capsys: pytest.CaptureFixture[str]) -> None:
    found = block()
    found.setSlaveLostIgnore()
    assert not found.setMultiHost(0, 2, 1)
    assert not found.setMultiHost(3, 2, 1)
    assert not found.setMultiHost(1, 2, 1, master_on_slave=True)
    assert found.data["flags"] == 0
    assert capsys.readouterr().err.count("Error: Block.set") == 4
    assert found.setMultiHost(1, 2, 3, master_on_slave=True, service="vray", service_wait=4)
    found.setSlaveLostIgnore()
    assert found.data["flags"] == 4 + 8 + 256
    assert found.data["multihost_service_wait"] == 4


def test_frames_the_wrong_way_round_are_set_right(capsys: pytest.CaptureFixture[str]) -> None:
    found = block()
    found.setNumeric(5, 1, 0)
    names = ("frame_first", "frame_last", "frames_per_task", "frames_inc")
    assert [found.data[name] for name in names] == [5, 5, 1, 1]
    assert capsys.readouterr().err.count("Error: Block.setNumeric") == 2


def test_a_block_with_tasks_is_not_made_numeric(capsys: pytest.CaptureFixture[str]) -> None:
    found = block()
    found.tasks.append(af.Task("t"))
    found.setNumeric(1, 2)
    assert found.data["flags"] == 0
    assert "already has tasks" in capsys.readouterr().err


def test_files_may_be_one_text_and_calls_add_up() -> None:
    found = block()
    found.setFiles("a.@#@.png;b.png")
    found.setFiles([Path("c.png")])  # type: ignore[list-item]  # as scripts do
    assert found.data["files"] == ["a.@#@.png", "b.png", "c.png"]


def test_a_prefix_is_put_before_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    found = block()
    cgruconfig.VARS["af_cmdprefix"] = "nice "
    found.setCommand("render")
    assert found.data["command"] == "nice render"
    monkeypatch.setenv("AF_CMD_PREFIX", "wrap ")
    found.setCommand("render")
    assert found.data["command"] == "wrap render"
    found.setCommand("render", False)
    assert found.data["command"] == "render"


def test_a_block_runs_where_the_script_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PWD", "/mnt/by/link")
    assert af.Block().data["working_directory"] == "/mnt/by/link"
    monkeypatch.delenv("PWD")
    assert af.Block().data["working_directory"] == str(Path.cwd())


@pytest.mark.parametrize(
    ("service", "parser"), [("nuke", "nuke"), ("movgen", "generic"), ("blender", "blender")]
)
def test_a_service_brings_its_parser(service: str, parser: str) -> None:
    assert af.Block("b", service).data["parser"] == parser


def test_a_service_that_nobody_knows_becomes_generic(capsys: pytest.CaptureFixture[str]) -> None:
    found = af.Block("b", "nosuch")
    assert found.data["service"] == "generic"
    assert "parser" not in found.data
    assert "Unknown service" in capsys.readouterr().err
    assert found.setService("nosuch", nocheck=True)
    assert found.data["service"] == "nosuch"
    assert not found.setService(None)


def test_a_parser_that_nobody_knows_becomes_none(capsys: pytest.CaptureFixture[str]) -> None:
    found = block()
    for name, kept in (("nosuch", "none"), ("none", "none"), ("nuke", "nuke"), (None, "nuke")):
        found.setParser(name)
        assert found.data["parser"] == kept
    found.setParser("nosuch", nocheck=True)
    assert found.data["parser"] == "nosuch"
    assert capsys.readouterr().err.count("Unknown parser") == 1


@pytest.mark.parametrize(("line", "parser"), [("parser = 'own'", "own"), ("pass", None)])
def test_services_of_an_installed_cgru_are_known(
    tmp_path: Path, line: str, parser: str | None
) -> None:
    for folder, text in (("services", f"import x\n{line}\n"), ("parsers", "")):
        (tmp_path / "python" / folder).mkdir(parents=True)
        (tmp_path / "python" / folder / "own.py").write_text(text)
    cgruconfig.VARS["AF_ROOT"] = str(tmp_path)
    found = af.Block("b", "own")
    assert found.data["service"] == "own"
    assert found.data.get("parser") == parser


def test_a_task_has_a_name_only_if_it_is_given_one() -> None:
    task = af.Task()
    task.setEnv("FRAME", "1")
    assert task.data == {"environment": {"FRAME": "1"}}


def test_a_flag_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert af.afcommon.setBlockFlag(1, "nosuch") == 1
    assert af.afcommon.checkBlockFlag(5, "multihost") == 4
    assert "no flag 'nosuch'" in capsys.readouterr().err


def test_old_scripts_have_words_of_their_own(
    at_server: RecordedAfanasy, capsys: pytest.CaptureFixture[str]
) -> None:
    found = block()
    found.setParserType("nuke")
    found.setGenThumbnails()
    assert (found.data["parser"], found.data["flags"]) == ("nuke", 0)
    found.setGenThumbnails(False)
    assert found.data["flags"] == 32
    job = af.Job("j", True)
    job.setMaxHosts(3)
    assert job.data["max_running_tasks"] == 3
    job.blocks.append(found)
    at_server.usual = {"id": 1, "serial": 1}
    job.send()
    assert '"serial": 1' in capsys.readouterr().out
