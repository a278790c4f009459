"""Services of Afanasy's list that do more than name their parser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from grange.plugins import loading, programs
from grange.plugins.contract import Context, PluginError
from grange.plugins.program_service import ProgramService
from grange.plugins.services import events
from grange.plugins.services import test as spoiling
from tests.plugins.build import a_plugin, a_run
from tests.plugins.test_programs import executable

#: Of the specification of CGRU 3.4.1, section of services.
AFANASYS = (
    "afterfx", "arnold", "blender", "blender_internal", "c4d", "checksum", "clarisse",
    "events", "ffmpeg", "ftp", "ftrack", "fusion", "generic", "hbatch", "hbatch_karma",
    "hbatch_mantra", "hbatch_pdg", "hbatch_prman", "hbatch_redshift", "houdinitoarnold",
    "htracker", "karma", "lightwave", "mantra", "max", "maya", "maya_arnold",
    "maya_delight", "maya_mental", "maya_redshift", "mayatoarnold", "mayatomr",
    "mayatovray", "mentalray", "movgen", "natron", "nuke", "postcmd", "prman", "redline",
    "rsync", "shotgun", "system", "test", "tiles_stitch", "vray", "wakeonlan", "walk",
    "xsi", "xsi_arnold", "xsi_arnold_watermarked", "xsi_redshift",
)  # fmt: skip
LOOKED_FOR = [
    name
    for name in loading.names("services")
    if issubclass(loading.service_class(name, ()), ProgramService)
]
MAIL = {"emails": ["a@x.y"], "events": {"JOB_DONE": {"methods": ["email"]}}}


def told(folder: Path, **objects: Any) -> Any:
    """The command of a run of service `events`."""
    news = {"events": ["JOB_DONE"], "user": {"name": "u"}, **objects}
    plugin = a_plugin(folder, service="events", command=json.dumps(news), numeric=False)
    return plugin.prepared


def with_data(data: Any, **fields: Any) -> dict[str, Any]:
    return {"custom_data": json.dumps(data), **fields}


def test_every_service_of_afanasy_is_here() -> None:
    assert set(AFANASYS) <= set(loading.names("services"))


@pytest.mark.parametrize("name", LOOKED_FOR)
def test_a_service_finds_its_program_by_each_of_its_names(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    kind = loading.service_class(name, ())
    assert issubclass(kind, ProgramService)
    path = executable(tmp_path / "bin" / kind.program_names[-1])
    assert kind.found() == f"{kind.title} at {path}"
    for word in kind.program_names:
        prepared = a_plugin(tmp_path, service=name, command=(word, "-x")).prepared
        assert prepared.command == (path, "-x")


@pytest.mark.parametrize("name", LOOKED_FOR)
def test_a_machine_without_the_program_says_what_is_missing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    kind = loading.service_class(name, ())
    assert issubclass(kind, ProgramService)
    monkeypatch.setattr(kind, "places", ())
    assert kind.found() == ""
    with pytest.raises(PluginError, match=f"on this machine: install {kind.title} and"):
        a_plugin(tmp_path, service=name, command=(kind.program_names[0],))


def test_the_newest_of_several_versions_is_taken(tmp_path: Path) -> None:
    for version in ("12.2", "13.1"):
        executable(tmp_path / f"Nuke{version}" / f"Nuke{version}")
    assert programs.which("nuke", "/no/such", [f"{tmp_path}/Nuke*/Nuke[0-9]*"]).endswith(
        "Nuke13.1"
    )


def test_a_tracker_takes_its_job_in_either_form_of_command(tmp_path: Path) -> None:
    plugin = a_plugin(tmp_path, service="htracker", command=("tracker",))
    assert plugin.prepared.command == ("tracker", "-J", "7")
    assert plugin.finish(1, None).message == ""


def test_hosts_of_a_shells_line_are_quoted(tmp_path: Path) -> None:
    service = loading.service_class("mentalray", ())
    one = service(a_run(command="env ray @AF_HOSTS@"), Context(work_folder=str(tmp_path)))
    one.hosts = ("h1", "h 2")
    assert one.prepare().command == "env ray -hosts h1 'h 2' --"


def test_service_test_spoils_and_skips_some_runs(tmp_path: Path) -> None:
    ends = {"empty": 0, "skipped": 0, "run": 0}
    for run_id in range(1, 1_001):
        try:
            ready = a_plugin(tmp_path, service="test", run_id=run_id).prepared
        except PluginError:
            ends["empty"] += 1
        else:
            ends["skipped" if ready.skip else "run"] += 1
    assert 0 < ends["empty"] < 40 < ends["run"]
    assert 10 * spoiling.EMPTY < ends["skipped"] < 80


def test_a_sleeping_machine_is_put_to_sleep_by_its_folder(tmp_path: Path) -> None:
    machine = '{"name": "r1; x", "netifs": [{"mac": "02:fc:00:00:00:01"}]}'
    plugin = a_plugin(tmp_path, service="wakeonlan", command=machine, working_directory="SLEEP")
    command = plugin.prepared.command
    assert command == (
        "wolsleep", "--sleep", "--ip", "", "--hostname", "r1; x", "02fc00000001",
    )  # fmt: skip


@pytest.mark.parametrize("service", ["wakeonlan", "events"])
@pytest.mark.parametrize("command", ["", "{}", "[]", '"x"', "{", '{"events": 7}'])
def test_what_is_not_told_in_json_is_refused(service: str, command: str, tmp_path: Path) -> None:
    if (service, command) == ("wakeonlan", ""):
        command = "?"
    with pytest.raises(PluginError, match=r"in JSON|is empty"):
        a_plugin(tmp_path, service=service, command=command)


def test_names_cannot_add_words_to_a_mail(tmp_path: Path) -> None:
    news = {"events": ["JOB_DONE"], "job": with_data(MAIL, name="j")}
    name = '"; rm -rf ~; <script>'
    plugin = a_plugin(tmp_path, service="events", command=json.dumps(news), job_name=name)
    command = plugin.prepared.command
    assert command[:7] == ("emailsend", "-V", "-f", "noreply@cgru.info", "-t", "a@x.y", "-s")
    assert command[7] == f"Job Done - {name}"
    assert "&lt;script&gt;" in command[9]


def test_a_method_without_what_it_needs_gives_way_to_the_next(tmp_path: Path) -> None:
    asked = {"events": {"JOB_DONE": {"methods": ["email", "notify-send"]}}}
    ready = told(tmp_path, job=with_data(asked, name="j"))
    assert ready.command == ("notify-send", "Afanasy", "Job job: Job Done")


def test_nobody_asked_is_a_skip(tmp_path: Path) -> None:
    assert told(tmp_path, job={"name": "j"}).skip == events.NOTHING


def test_a_machine_in_trouble_tells_its_load(tmp_path: Path) -> None:
    load = {"cpu_idle": 5, "mem_free_mb": 10, "mem_total_mb": 100}
    render = with_data(MAIL, name="r1", host_resources=load)
    ready = told(tmp_path, render=render, pools=[with_data({"emails": ["p@x.y"]})])
    assert "<li>CPU: 95 %</li><li>MEM: 10 MB free of 100</li>" in ready.command[11]
    assert ready.command[4:8] == ("-t", "a@x.y", "-t", "p@x.y")


def test_custom_data_are_merged_and_bounded() -> None:
    assert events.merged([{"a": {"b": 1}, "l": [1]}, {"a": {"c": 2}, "l": [2], "-x": 3}]) == {
        "a": {"b": 1, "c": 2},
        "l": [1, 2],
    }
    deep: dict[str, Any] = {}
    for _ in range(900):
        deep = {"a": deep}
    assert events.merged([deep])


@pytest.mark.proves(
    "render.services.thumbnails",
    "render.thumbnails.of_what_a_parser_found",
    "render.thumbnails.of_files",
)
def test_thumbnails_are_of_the_first_the_middle_and_the_last(tmp_path: Path) -> None:
    for number in range(5):
        Path(tmp_path, f"{number}.exr").touch()
    plugin = a_plugin(tmp_path, files=("x.exr",))
    plugin.feed("".join(f"@IMAGE@{number}.exr\n" for number in range(5)).encode())
    shown = plugin.finish(0, None).thumbnails
    assert shown == tuple(f"{tmp_path}/{number}.exr" for number in (0, 2, 4))
    plain = a_plugin(tmp_path, files=("a.EXR", "b.mov"))
    assert plain.finish(0, None).thumbnails == (f"{tmp_path}/a.EXR",)
    assert a_plugin(tmp_path, files=("a.exr",)).finish(1, None).thumbnails == ()
