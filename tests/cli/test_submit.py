from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Terminal
from tests.client import build

HELD = {"tasks": 4, "commands": []}


@pytest.fixture(autouse=True)
def takes_jobs(grange: Terminal) -> None:
    grange.server.answer("POST /jobs", {"job_id": 12, "again": False})
    grange.server.answer("GET /jobs/12", build.detail())


def sent(grange: Terminal) -> dict[str, Any]:
    """The job that was submitted."""
    found: dict[str, Any] = grange.server.seen[0].json
    return found


def test_a_command_is_submitted_whole(grange: Terminal) -> None:
    assert grange.says("submit", "-f", "1-4", "--", "render", "-x", "{frame}") == (
        "job 12 sunset: 4 tasks\n"
    )
    (block,) = sent(grange)["blocks"]
    assert block["command"] == ["render", "-x", "@first#@"]
    assert block["working_directory"] == str(Path.cwd())


def test_what_follows_the_dashes_is_none_of_ours(grange: Terminal) -> None:
    grange.says("submit", "--", "tool", "--json", "--", "-f", "9")
    (block,) = sent(grange)["blocks"]
    assert block["command"] == ["tool", "--json", "--", "-f", "9"]


def test_a_script_gets_the_number_alone(grange: Terminal) -> None:
    assert grange.says("submit", "-q", "-f", "1-4", "--", "render", "{frame}") == "12\n"


def test_a_command_that_names_no_frame_is_noticed(grange: Terminal) -> None:
    result = grange("submit", "-f", "1-4", "--", "sleep", "1")
    assert "the command has no {frame} in it" in result.stderr


def test_a_job_is_read_from_standard_input(grange: Terminal) -> None:
    text = '{"name":"a","blocks":[{"frames":"1","command":["x"]}]}'
    assert grange("submit", "-", stdin=text).exit_code == 0
    assert sent(grange)["name"] == "a"


def test_waiting_ends_with_the_job(grange: Terminal) -> None:
    grange.server.watch([build.snapshot(jobs=(build.done(),))])
    text = grange.says("submit", "--wait", "-f", "1-4", "--", "render", "{frame}")
    assert text.splitlines()[-1] == "job 12 sunset is done: 4 of 4 tasks done, in 1m 00s"


def test_waiting_for_a_job_that_fails_ends_with_1(grange: Terminal) -> None:
    grange.server.watch([build.snapshot(jobs=(build.failed(),))])
    result = grange("submit", "--wait", "-f", "1-4", "--", "render", "{frame}")
    assert result.exit_code == 1
    assert "3 of 4 tasks done, 1 failed" in result.stdout


def test_watching_into_a_pipe_writes_a_line_for_each_change(grange: Terminal) -> None:
    grange.server.watch(
        [build.snapshot(jobs=(build.job_view(),)), build.patch(jobs=(build.done(),))]
    )
    lines = grange.says("submit", "-w", "-f", "1-4", "--", "render", "{frame}").splitlines()
    assert [line.split("  ", 1)[1] for line in lines[1:3]] == [
        "job 12 running 0% (0/4)",
        "job 12 done 100% (4/4)",
    ]


def test_one_document_is_written_for_programs(grange: Terminal) -> None:
    grange.server.watch([build.snapshot(jobs=(build.done(),))])
    text = grange.says("submit", "--json", "--wait", "-f", "1-4", "--", "render", "{frame}")
    assert json.loads(text)["state"] == "done"


def test_a_dry_run_shows_the_commands_and_submits_nothing(grange: Terminal) -> None:
    plan = {"block": 0, "task": 0, "name": "frame 1", "command": ["render", "a b", "1"]}
    grange.server.answer("POST /jobs/check", {"tasks": 4, "commands": [plan]})
    text = grange.says("submit", "--dry-run", "-f", "1-4", "--", "render", "a b", "{frame}")
    assert "  frame 1  render 'a b' 1\n" in text
    assert [seen.path for seen in grange.server.seen] == ["/api/v1/jobs/check"]


def test_a_dry_run_needs_no_server(grange: Terminal) -> None:
    del grange.environment["GRANGE_SERVER"]
    result = grange("submit", "--dry-run", "-f", "1-40", "-c", "5", "--", "r", "{first}-{last}")
    assert result.exit_code == 0
    assert "  frame 6-10   r 6-10\n" in result.stdout
    assert "not checked: no server is running here" in result.stderr


def test_a_dry_run_says_how_far_it_goes(grange: Terminal) -> None:
    del grange.environment["GRANGE_SERVER"]
    text = grange.says("submit", "--dry-run", "-f", "1-40", "--", "render", "{frame}")
    assert "  and 30 tasks more, to frame 40\n" in text


def test_a_dry_run_is_written_for_programs(grange: Terminal) -> None:
    grange.server.answer("POST /jobs/check", HELD)
    text = grange.says("submit", "--dry-run", "--json", "-f", "1-4", "--", "render", "{frame}")
    assert json.loads(text) == HELD


def test_a_job_that_the_server_refuses_is_named_by_its_field(grange: Terminal) -> None:
    grange.server.refuse("POST /jobs", 400, "invalid-field", "no service 'x'", field="blocks[0]")
    result = grange("submit", "--service", "x", "--", "render")
    assert (result.exit_code, result.stderr) == (1, "error: blocks[0]: no service 'x'\n")


@pytest.mark.parametrize(
    "words",
    [
        ("submit",),
        ("submit", "--"),
        ("submit", "-f", "9-1", "--", "a"),
        ("submit", "none.blend", "-f", "1"),
        ("submit", "--memory", "x", "--", "a"),
        ("submit", "--", "a{b"),
        ("submit", "--chunk", "x", "--", "a"),
        ("submit", "--bogus"),
    ],
)
def test_a_command_line_that_cannot_be_meant_ends_with_2(
    grange: Terminal, words: tuple[str, ...]
) -> None:
    assert grange(*words).exit_code == 2
    assert not grange.server.seen
