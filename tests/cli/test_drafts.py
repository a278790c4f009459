from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grange.cli.amounts import BadAmount
from grange.cli.drafts import Draft, Wishes, all_alike, job
from grange.cli.session import Refused
from grange.model.spec import BlockSpec, JobSpec, TaskSpec

NOTHING = Wishes()


def of_command(*words: str, wishes: Wishes = NOTHING, **said: Any) -> JobSpec:
    return job("", words, Draft(**{"frames": "1-10", **said}), wishes)


def test_a_command_becomes_a_block_of_frames() -> None:
    found = of_command("/usr/bin/render", "{frame:04}", folder="/p", chunk=None)
    expected = BlockSpec(
        name="render",
        command=("/usr/bin/render", "@first####@"),
        working_directory="/p",
        frames="1-10",
    )
    assert found == JobSpec(name="render", blocks=(expected,))


def test_a_command_without_frames_is_one_task() -> None:
    (block,) = of_command("make", "thumbs", frames="").blocks
    assert (block.frames, block.tasks) == ("", (TaskSpec(name="make"),))


def test_a_line_for_the_shell_is_one_text() -> None:
    (block,) = of_command("echo {frame} | tee x", shell=True).blocks
    assert block.command == "echo @first#@ | tee x"
    assert block.name == "echo"


def test_what_is_said_of_a_block_is_in_it() -> None:
    (block,) = of_command(
        *("render", "{first}", "{last}"),
        chunk=5,
        service="maya",
        files=["a.{frame:04}.exr"],
        memory="8G",
        environment=["A=b=c"],
        tickets=["nuke", "houdini=2"],
        capacity=500,
        retries=0,
    ).blocks
    assert (block.frames_per_task, block.service, block.need_memory_mb) == (5, "maya", 8_192)
    assert (block.environment, block.files) == ({"A": "b=c"}, ("a.@####@.exr",))
    assert (block.tickets, block.capacity) == ({"nuke": 1, "houdini": 2}, 500)
    assert block.errors_retries == 0


def test_what_is_said_of_a_job_is_in_it() -> None:
    wishes = Wishes(
        name="n",
        priority=5,
        after=[7],
        pools=["/gpu", "/old=-100"],
        branch="/show",
        user="ada",
        paused=True,
    )
    found = of_command("a", wishes=wishes)
    assert (found.name, found.priority, found.depend_jobs, found.paused) == ("n", 5, (7,), True)
    assert (found.pools, found.branch, found.user) == ({"/gpu": 100, "/old": -100}, "/show", "ada")


@pytest.mark.parametrize(
    ("words", "said", "advice"),
    [
        (["render", "{frame}"], {"chunk": 5}, "write {first} and {last}"),
        ([], {}, "no command after --"),
        (["a"], {"output": "x"}, "--output is for scenes"),
        (["a"], {"frames": "", "chunk": 5}, "say which"),
        (["a"], {"frames": "9-1"}, "write 1-9"),
        (["a"], {"environment": ["A"]}, "write NAME=VALUE"),
        (["a"], {"tickets": ["nuke=many"]}, "write NAME or NAME=NUMBER"),
        (["a"], {"capacity": 0}, "capacity"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    words: list[str], said: dict[str, Any], advice: str
) -> None:
    with pytest.raises(Refused) as caught:
        of_command(*words, **said)
    assert advice in str(caught.value)


def test_a_wrong_amount_is_refused() -> None:
    with pytest.raises(BadAmount):
        of_command("a", memory="lots")


def test_a_priority_beyond_its_bounds_is_refused() -> None:
    with pytest.raises(Refused, match="priority"):
        of_command("a", wishes=Wishes(priority=999))


def test_a_scene_is_named_whole(tmp_path: Path) -> None:
    (tmp_path / "film.blend").touch()
    draft = Draft(frames="1-9", folder=str(tmp_path), chunk=3)
    found = job("film.blend", None, draft, NOTHING)
    assert (found.name, found.blocks[0].name) == ("film.blend", "film")
    assert str(tmp_path / "film.blend") in found.blocks[0].command


@pytest.mark.parametrize(
    ("name", "said", "advice"),
    [
        ("film.blend", {}, "-f 1-100"),
        ("film.blend", {"frames": "1", "shell": True}, "--shell"),
        ("none.blend", {"frames": "1"}, "there is no file 'none.blend'"),
    ],
)
def test_a_scene_that_cannot_be_rendered_so_is_refused(
    tmp_path: Path, name: str, said: dict[str, Any], advice: str
) -> None:
    (tmp_path / "film.blend").touch()
    with pytest.raises(Refused) as caught:
        job(name, None, Draft(folder=str(tmp_path), **said), NOTHING)
    assert advice in str(caught.value)


def test_a_file_may_have_the_whole_job(tmp_path: Path) -> None:
    path = tmp_path / "job.json"
    path.write_text('{"name":"a","blocks":[{"frames":"1-3","command":["x"]}]}')
    found = job(str(path), None, Draft(), Wishes(priority=7))
    assert (found.name, found.priority, found.blocks[0].frames) == ("a", 7, "1-3")


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("{", "is no job"),
        ('{"name":"a"}', "blocks"),
        ('{"name":"a","blocks":[{"framez":"1"}]}', "blocks[0]: Object contains unknown field"),
    ],
)
def test_a_file_that_is_no_job_is_refused(tmp_path: Path, text: str, advice: str) -> None:
    path = tmp_path / "job.json"
    path.write_text(text)
    with pytest.raises(Refused) as caught:
        job(str(path), None, Draft(), NOTHING)
    assert advice in str(caught.value)


def test_a_job_out_of_a_file_says_itself_what_its_blocks_are(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="edit it"):
        job("job.json", None, Draft(frames="1-3"), NOTHING)


def test_either_a_file_or_a_command_is_submitted() -> None:
    with pytest.raises(Refused, match="not both"):
        job("film.blend", ["a"], Draft(), NOTHING)
    with pytest.raises(Refused, match="nothing to submit"):
        job("", None, Draft(), NOTHING)
    with pytest.raises(Refused, match="cannot be read"):
        job("none.json", None, Draft(), NOTHING)


def test_a_command_that_names_no_frame_is_noticed() -> None:
    assert all_alike(of_command("sleep", "1"))
    assert not all_alike(of_command("sleep", "{frame}"))
    assert not all_alike(of_command("sleep", "1", frames="7"))
